// The writing page. Without this file it is a form with a Markdown field; this puts a rich editor in its place.
import { Editor } from '@tiptap/core'
import { Slice } from '@tiptap/pm/model'
import { forget, makeKeeper, stored } from './editor/keep.js'
import { makeMarkdown } from './editor/markdown.js'
import { extensions } from './editor/schema.js'
import { makeToolbar } from './editor/toolbar.js'
import { makeUpload, pictures } from './editor/upload.js'

const WORDS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]|[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu
const SAYINGS = {
  saved: 'Saved',
  unsaved: 'Not saved yet',
  waiting: 'Changes kept on this device',
  saving: 'Saving …',
  offline: 'No network; kept on this device',
  conflict: 'Changed in another window; kept on this device',
  'signed-out': 'You are logged out; kept on this device',
  error: 'Not saved; kept on this device',
}

/** Takes csrf() and toast(), which the page's own script has already. */
export function mount(form, { csrf, toast }) {
  const source = form.querySelector('[data-editor-source]')
  const title = form.querySelector('[name="title"]')
  const category = form.querySelector('[name="category"]')
  const say = (name, text) => form.querySelectorAll(`[data-say="${name}"]`).forEach((place) => { place.textContent = text })

  const keeper = makeKeeper({
    csrf,
    url: form.dataset.save,
    id: form.dataset.id || null,
    revision: Number(form.dataset.revision) || null,
    read: () => ({ title: title.value, body: source.value, category: category.value || null }),
    say: (state, detail) => {
      form.dataset.state = state
      say('state', detail && state === 'error' ? `${detail} Kept on this device.` : SAYINGS[state])
      form.querySelector('[data-conflict]').hidden = state !== 'conflict'
    },
    live: form.hasAttribute('data-live'),
    kept: (id, revision, isNew) => {
      form.querySelector('[name="id"]').value = form.dataset.id = id
      form.querySelector('[name="revision"]').value = revision
      if (isNew) history.replaceState(null, '', `/write/${id}`)
    },
  })

  const editor = makeEditor(form, source)
  const markdown = makeMarkdown(editor.schema)
  const upload = makeUpload({ editor, csrf, toast, say: (text) => say('upload', text) })
  const count = () => {
    const words = (source.value.match(WORDS) ?? []).length
    say('words', `${words.toLocaleString('en').replace(/,/g, '\u202f')} ${words === 1 ? 'word' : 'words'}`)
    say('minutes', `${Math.max(1, Math.round(words / 230))} min read`)
    const long = source.value.length > Number(source.dataset.max)
    say('limit', long ? `${(source.value.length - Number(source.dataset.max)).toLocaleString('en')} characters too many` : '')
  }
  const load = (text) => {
    source.value = text
    editor.commands.setContent(markdown.parse(text).toJSON(), { emitUpdate: false })
    count()
  }
  load(source.value)
  editor.commands.setTextSelection(1)
  editor.on('update', () => {
    source.value = markdown.serialize(editor.state.doc)
    count()
    keeper.changed()
  })
  editor.setOptions({ editorProps: { ...editor.options.editorProps, ...transfers(markdown, upload) } })

  source.addEventListener('input', () => { count(); keeper.changed() })
  title.addEventListener('input', keeper.changed)
  title.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return
    event.preventDefault()
    // At once: the editor's own focus command waits for a frame, in which the next letter would still go to the title.
    editor.commands.setTextSelection(1)
    editor.view.focus()
  })
  category.addEventListener('change', keeper.changed)
  makeToolbar({ form, editor, upload, mode: (rich) => { if (rich) load(source.value) } })
  offerStored(form, title, load, keeper)
  buttons(form, keeper)
  form.dataset.ready = ''
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

/** A text that was typed here and never reached the server is offered, not pushed. */
function offerStored(form, title, load, keeper) {
  const id = form.dataset.id || null
  const kept = stored(id)
  if (kept && kept.body === form.querySelector('[data-editor-source]').value && kept.title === title.value) forget(id)
  const note = form.querySelector('[data-restore]')
  if (!kept || (kept.body === form.querySelector('[data-editor-source]').value && kept.title === title.value)) return
  note.hidden = false
  note.querySelector('[data-restore-yes]').addEventListener('click', () => {
    title.value = kept.title
    load(kept.body)
    note.hidden = true
    keeper.changed()
  })
  note.querySelector('[data-restore-no]').addEventListener('click', () => {
    forget(id)
    note.hidden = true
  })
}

function buttons(form, keeper) {
  for (const preview of form.querySelectorAll('[data-preview]')) {
    preview.addEventListener('click', async (event) => {
      event.preventDefault()
      const tab = window.open('', '_blank') // at once: later it would count as a pop-up
      if ((await keeper.flush()) && keeper.id) tab.location = `/write/${keeper.id}/preview`
      else tab.close()
    })
  }
  // The form carries the text itself; it only waits for an autosave that is under way, whose revision it has to name.
  form.addEventListener('submit', async (event) => {
    if (form.dataset.leaving) return keeper.done()
    event.preventDefault()
    const { submitter } = event
    await keeper.flush()
    // Not within the event that was just stopped: a form does not submit while it is submitting.
    setTimeout(() => {
      form.dataset.leaving = 'yes'
      form.requestSubmit(submitter)
      setTimeout(() => delete form.dataset.leaving, 1000)
    })
  })
  document.addEventListener('keydown', (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key !== 's') return
    event.preventDefault()
    keeper.flush()
  })
}
