// The row of tools: each a button with a name, its state told by aria-pressed, arrow keys move between them.
import { pictureFromLibrary } from './library.js'
import { writing } from './parts.js'
import { emptyTable, insertFootnote } from './raw.js'

const TOOLS = {
  bold: ['toggleBold', 'bold'],
  italic: ['toggleItalic', 'italic'],
  heading: ['toggleHeading', 'heading', { level: 1 }],
  subheading: ['toggleHeading', 'heading', { level: 2 }],
  quote: ['toggleBlockquote', 'blockquote'],
  list: ['toggleBulletList', 'bulletList'],
  numbered: ['toggleOrderedList', 'orderedList'],
  code: ['toggleCodeBlock', 'codeBlock'],
  spoiler: ['toggleSpoiler', 'spoiler'],
  rule: ['setHorizontalRule'],
  undo: ['undo'],
  redo: ['redo'],
}

export function makeToolbar({ form, editor, upload, mode }) {
  const bar = form.querySelector('[data-toolbar]')
  const tools = [...form.querySelectorAll('[data-tool]')]
  const file = bar.querySelector('input[type="file"]')

  const run = (name) => {
    if (TOOLS[name]) {
      const [command, , options] = TOOLS[name]
      writing(editor)[command](options).run()
    } else if (name === 'link') link(form, editor)
    else if (name === 'picture') file.click()
    else if (name === 'library') pictureFromLibrary(editor)
    else if (name === 'footnote') insertFootnote(editor)
    else if (name === 'table') insertTable(editor)
    else if (name === 'markdown') swap()
  }
  const swap = () => {
    const rich = form.dataset.mode === 'markdown'
    form.dataset.mode = rich ? 'rich' : 'markdown'
    form.querySelector('[data-editor-place]').hidden = !rich
    form.querySelector('[data-editor-source-field]').hidden = rich
    bar.hidden = !rich // its place stays, so that nothing jumps
    if (rich) mode(true)
    else form.querySelector('[data-editor-source]').focus()
    show()
  }
  const show = () => {
    const source = form.dataset.mode === 'markdown'
    for (const tool of tools) {
      const name = tool.dataset.tool
      if (name === 'markdown') tool.setAttribute('aria-pressed', String(source))
      else {
        tool.disabled = source || (name === 'undo' && !editor.can().undo()) || (name === 'redo' && !editor.can().redo())
        const [, active, options] = TOOLS[name] ?? [null, name]
        if (active && tool.hasAttribute('aria-pressed')) tool.setAttribute('aria-pressed', String(editor.isActive(active, options)))
      }
    }
  }
  for (const tool of tools) {
    tool.hidden = false
    tool.addEventListener('click', () => run(tool.dataset.tool))
  }
  bar.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (!step) return
    const usable = tools.filter((tool) => !tool.disabled && bar.contains(tool))
    usable[(usable.indexOf(document.activeElement) + step + usable.length) % usable.length]?.focus()
    event.preventDefault()
  })
  file.addEventListener('change', () => {
    upload([...file.files])
    file.value = ''
  })
  editor.on('transaction', show)
  show()
}

function insertTable(editor) {
  writing(editor).insertContent([{ type: 'rawBlock', attrs: { source: emptyTable() } }, { type: 'paragraph' }]).run()
  const grids = editor.view.dom.querySelectorAll('.raw-table')
  const at = [...grids].find((grid) => [...grid.querySelectorAll('input')].every((input) => !input.value))
  at?.querySelector('input')?.focus()
}

function link(form, editor) {
  const dialog = document.getElementById('link-dialog')
  const input = dialog.querySelector('[name="href"]')
  const field = dialog.querySelector('form[data-link-form]')
  input.value = editor.getAttributes('link').href ?? ''
  tell(input, '')
  dialog.querySelector('[data-link-remove]').hidden = !editor.isActive('link')
  dialog.showModal()
  input.select()
  field.onsubmit = (event) => {
    event.preventDefault()
    const href = input.value.trim()
    const address = addressOf(href)
    const removes = event.submitter?.hasAttribute('data-link-remove') || !href
    if (!removes && !address) {
      tell(input, 'This is not an address. Please give one such as example.org or https://example.org/page')
      input.select()
      return
    }
    dialog.close()
    if (removes) {
      writing(editor).extendMarkRange('link').unsetLink().run()
      return
    }
    if (editor.state.selection.empty && !editor.isActive('link')) {
      writing(editor).insertContent({ type: 'text', text: href, marks: [{ type: 'link', attrs: { href: address } }] }).run()
    } else writing(editor).extendMarkRange('link').setLink({ href: address }).run()
  }
}

/** What a link leads to by what was typed, https:// where it begins with a host; null where it is no address. */
export function addressOf(typed) {
  if (typed.startsWith('/') || /^mailto:[^\s@]+@[^\s@]+$/i.test(typed)) return typed
  const named = /^https?:\/\//i.test(typed)
  try {
    const { hostname } = new URL(named ? typed : `https://${typed}`)
    // "javascript:1" would be a host with a port, and any word a host: without https:// it takes a dot to be one.
    return named || hostname.includes('.') ? (named ? typed : `https://${typed}`) : null
  } catch {
    return null
  }
}

/** Says below a field what is wrong with it; nothing, where that is over. */
function tell(input, text) {
  const id = `${input.id}-error`
  document.getElementById(id)?.remove()
  input.removeAttribute('aria-invalid')
  input.removeAttribute('aria-describedby')
  if (!text) return
  const told = document.createElement('p')
  told.className = 'field-error'
  told.id = id
  told.role = 'alert'
  told.textContent = text
  input.closest('.field').append(told)
  input.setAttribute('aria-invalid', 'true')
  input.setAttribute('aria-describedby', id)
}
