// What both writing pages are made of: the rich editor over a Markdown field, its tools, the count of words.
import { Editor } from '@tiptap/core'
import { Slice } from '@tiptap/pm/model'
import { makeMarkdown, readable } from './markdown.js'
import { extensions } from './schema.js'
import { makeToolbar } from './toolbar.js'
import { makeUpload, pictures } from './upload.js'

const WORDS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]|[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu

/** changed(): something was typed. Answers the Markdown field, load(text) to put another text in, and say(name, text). */
export function makeDesk(form, { csrf, toast, changed }) {
  const source = form.querySelector('[data-editor-source]')
  const title = form.querySelector('[name="title"]')
  const say = (name, text) => form.querySelectorAll(`[data-say="${name}"]`).forEach((place) => { place.textContent = text })
  const editor = makeEditor(form, source)
  const markdown = makeMarkdown(editor.schema)
  const upload = makeUpload({ editor, csrf, toast, say: (text) => say('upload', text), limit: Number(form.dataset.pictures) || Infinity })
  const count = (doc) => {
    const words = (readable(doc).match(WORDS) ?? []).length
    say('words', `${words.toLocaleString('en').replace(/,/g, '\u202f')} ${words === 1 ? 'word' : 'words'}`)
    say('minutes', `${Math.max(1, Math.round(words / 230))} min read`)
    const long = source.value.length > Number(source.dataset.max)
    say('limit', long ? `${(source.value.length - Number(source.dataset.max)).toLocaleString('en')} characters too many` : '')
  }
  const load = (text) => {
    source.value = text
    editor.commands.setContent(markdown.parse(text).toJSON(), { emitUpdate: false })
    count(editor.state.doc)
  }
  load(source.value)
  editor.commands.setTextSelection(1)
  editor.on('update', () => {
    source.value = markdown.serialize(editor.state.doc)
    count(editor.state.doc)
    changed()
  })
  editor.setOptions({ editorProps: { ...editor.options.editorProps, ...transfers(markdown, upload) } })
  source.addEventListener('input', () => { count(markdown.parse(source.value)); changed() })
  title.addEventListener('input', changed)
  title.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return
    event.preventDefault()
    // At once: the editor's own focus command waits for a frame, in which the next letter would still go to the title.
    editor.commands.setTextSelection(1)
    editor.view.focus()
  })
  makeToolbar({ form, editor, upload, mode: (rich) => { if (rich) load(source.value) } })
  return { source, title, load, say }
}

function makeEditor(form, source) {
  const place = form.querySelector('[data-editor-place]')
  place.hidden = false
  form.querySelector('[data-editor-source-field]').hidden = true
  form.querySelector('[data-toolbar]').hidden = false
  return new Editor({
    element: place,
    extensions: extensions(source.placeholder),
    injectCSS: false,
    editorProps: {
      attributes: { class: 'reading editor-text', role: 'textbox', 'aria-multiline': 'true', 'aria-label': 'Text', lang: form.dataset.lang || 'en' },
    },
  })
}

/** Pasted text is read as Markdown; pasted and dropped pictures are sent. */
function transfers(markdown, upload) {
  return {
    clipboardTextParser: (text) => new Slice(markdown.parse(text).content, 0, 0),
    handlePaste: (_view, event) => {
      const files = pictures(event.clipboardData?.files)
      if (!files.length || event.clipboardData.types.includes('text/html')) return false
      upload(files)
      return true
    },
    handleDrop: (view, event, _slice, moved) => {
      const files = pictures(event.dataTransfer?.files)
      if (moved || !files.length) return false
      event.preventDefault()
      upload(files, view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos ?? null)
      return true
    },
  }
}
