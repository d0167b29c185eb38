// The pages of a comic: many pictures are sent in a few requests, in the order of their names, and the list follows the work on them.
import { patiently, refused, send, size } from './media.js'
import { onReady } from './ready.js'

const BATCH_FILES = 20
const BATCH_BYTES = 24 * 2 ** 20
const LOOK_MS = 3000
const byName = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/** The files in the order of their names, as few together as fit into one request. */
function batches(files, { most, atOnce }) {
  const found = []
  let bytes = 0
  for (const file of [...files].sort((one, other) => byName.compare(one.name, other.name))) {
    if (!found.length || found.at(-1).length >= atOnce || bytes + file.size > most) { found.push([]); bytes = 0 }
    found.at(-1).push(file)
    bytes += file.size
  }
  return found
}

onReady('[data-pages]', (root) => {
  const form = root.querySelector('[data-pages-upload]')
  const chooser = form.querySelector('input[type=file]')
  const zone = form.querySelector('[data-dropzone]')
  const queue = form.querySelector('[data-uploader-queue]')
  const said = form.querySelector('[data-uploader-said]')
  const list = () => root.querySelector('[data-pages-list]')
  let sending = 0
  let typed = false
  let turn = Promise.resolve()
  chooser.required = false
  form.querySelectorAll('[data-uploader-hint]').forEach((hint) => { hint.hidden = false })
  form.querySelector('[data-uploader-single]').hidden = true
  root.addEventListener('input', (event) => { if (list().contains(event.target)) typed = true })
  root.addEventListener('order:change', () => { typed = true })

  /** What the server shows now: a new list, or, where something is typed and not saved, only how far each page is. */
  async function look() {
    const answer = await fetch(root.dataset.here, { headers: { Accept: 'text/html' } }).catch(() => null)
    if (!answer?.ok) return
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('[data-pages-list]')
    if (!fresh) return
    if (!typed && !list().contains(document.activeElement)) {
      list().replaceWith(fresh)
      document.dispatchEvent(new CustomEvent('htmx:after:swap', { bubbles: true }))
      return
    }
    list().dataset.waiting = fresh.dataset.waiting
    for (const card of list().querySelectorAll('[data-id]')) {
      const now = fresh.querySelector(`[data-id="${card.dataset.id}"]`)
      if (!now || now.dataset.state === card.dataset.state) continue
      card.dataset.state = now.dataset.state
      card.querySelector('[data-page-shot]').replaceWith(now.querySelector('[data-page-shot]'))
    }
    const [before, after] = [list(), fresh].map((one) => one.querySelector('[data-pages-waiting]'))
    if (before && after) before.replaceWith(after)
    else before?.remove()
  }

  function line(text, bytes) {
    const item = document.createElement('li')
    item.className = 'upload-line'
    const [name, note] = ['upload-name', 'upload-note num'].map((kind) => Object.assign(document.createElement('span'), { className: kind }))
    name.textContent = text
    note.textContent = `${size(bytes)}, waiting`
    const bar = Object.assign(document.createElement('progress'), { max: Math.max(1, bytes), value: 0 })
    bar.setAttribute('aria-label', text)
    const stop = Object.assign(document.createElement('button'), { type: 'button', className: 'btn btn-ghost btn-sm', textContent: 'Cancel' })
    stop.setAttribute('aria-label', `Cancel ${text}`)
    item.append(name, note, stop, bar)
    queue.append(item)
    return { item, note, bar, stop }
  }

  function say(name, problem) {
    const item = Object.assign(document.createElement('li'), { className: 'upload-line' })
    item.dataset.state = 'failed'
    const [title, note] = ['upload-name', 'upload-note'].map((kind) => Object.assign(document.createElement('span'), { className: kind }))
    title.textContent = name
    note.textContent = problem
    item.append(title, note)
    queue.append(item)
  }

  async function one({ files, bytes, shown, control }) {
    const { item, note, bar, stop } = shown
    const body = new FormData()
    files.forEach((file) => body.append('files', file))
    try {
      const answer = await patiently(() => send('POST', form.dataset.pagesUpload, body, {
        signal: control.signal,
        progress: (sent) => {
          bar.value = Math.min(sent, bytes)
          note.textContent = sent < bytes ? `${Math.floor(100 * sent / bytes)} % of ${size(bytes)}` : 'Being looked at'
        },
      }), (text) => { note.textContent = text })
      if (answer.status !== 201) refused(answer)
      item.remove()
      answer.body.refused.forEach((left) => say(left.filename, left.problem))
      said.textContent = `${answer.body.images.length} pages are uploaded.`
      await look()
    } catch (error) {
      if (error.name === 'AbortError') return item.remove()
      item.dataset.state = 'failed'
      note.textContent = error.message
      said.textContent = `${files.length} files: ${error.message}`
      stop.textContent = 'Try again'
      stop.setAttribute('aria-label', 'Try again')
      stop.onclick = () => { item.remove(); add(files) }
    }
  }

  function add(chosen) {
    const most = Number(form.dataset.fileBytes)
    const files = [...chosen].filter((file) => file.size <= most || say(file.name, `At most ${size(most)}`))
    const limits = { most: Math.min(BATCH_BYTES, Number(form.dataset.bodyBytes) - 2 ** 20), atOnce: Math.min(BATCH_FILES, Number(form.dataset.atOnce)) }
    for (const part of batches(files, limits)) {
      const bytes = part.reduce((sum, file) => sum + file.size, 0)
      const text = part.length > 1 ? `${part[0].name} to ${part.at(-1).name}` : part[0].name
      const entry = { files: part, bytes, shown: line(text, bytes), control: new AbortController() }
      let begun = false
      let given = false
      entry.shown.stop.onclick = () => { given = true; if (begun) entry.control.abort(); else entry.shown.item.remove() }
      sending += 1
      // One after the other: so they stay in the order of their names.
      turn = turn.then(() => { begun = true; return given ? null : one(entry) }).finally(() => { sending -= 1 })
    }
  }

  chooser.addEventListener('change', () => { add(chooser.files); chooser.value = '' })
  form.addEventListener('submit', (event) => event.preventDefault())
  let inside = 0
  const over = (by) => { inside = Math.max(0, inside + by); zone.classList.toggle('dropzone-over', inside > 0) }
  zone.addEventListener('dragenter', (event) => { event.preventDefault(); over(1) })
  zone.addEventListener('dragleave', () => over(-1))
  zone.addEventListener('dragover', (event) => event.preventDefault())
  zone.addEventListener('drop', (event) => { event.preventDefault(); over(-inside); add(event.dataTransfer.files) })
  window.addEventListener('beforeunload', (event) => { if (sending) event.preventDefault() })

  async function follow() {
    if (!root.isConnected) return
    if (Number(list().dataset.waiting) && !document.hidden && !sending) await look()
    setTimeout(follow, LOOK_MS)
  }
  setTimeout(follow, LOOK_MS)
})
