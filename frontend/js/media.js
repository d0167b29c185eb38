// The library: several uploads at once with their progress, large ones in parts that go on after a cut; ticked files counted.
import { onReady } from './ready.js'
import { csrf } from './requests.js'

const API = '/api/v1/media/upload'
const TRIES = 4

export const size = (bytes) => {
  for (const [unit, much] of [['GB', 2 ** 30], ['MB', 2 ** 20], ['kB', 1024]]) if (bytes >= much) return `${(bytes / much).toPrecision(3)} ${unit}`
  return `${bytes} bytes`
}
const pause = (ms) => new Promise((done) => setTimeout(done, ms))

/** One request with progress. Resolves to {status, body}; rejects when the network fails or it was given up. */
export function send(method, url, body, { progress, headers = {}, signal } = {}) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest()
    request.open(method, url)
    request.responseType = 'json'
    for (const [name, value] of Object.entries({ 'X-CSRF-Token': csrf(), ...headers })) request.setRequestHeader(name, value)
    request.upload.onprogress = (event) => progress?.(event.loaded)
    request.onload = () => done({ status: request.status, body: request.response, wait: Number(request.getResponseHeader('Retry-After')) })
    request.onerror = request.ontimeout = () => failed(new Error('The network did not answer'))
    request.onabort = () => failed(new DOMException('given up', 'AbortError'))
    signal.addEventListener('abort', () => request.abort(), { once: true })
    if (signal.aborted) failed(new DOMException('given up', 'AbortError'))
    else request.send(body)
  })
}

const json = (method, url, value, signal) => send(method, url, JSON.stringify(value), { headers: { 'Content-Type': 'application/json' }, signal })

/** The same again after a pause, while the network fails or there were too many requests. */
export async function patiently(step, say) {
  for (let n = 1; ; n++) {
    try {
      const answer = await step()
      if (answer.status !== 429 && answer.status < 500) return answer
      if (n >= TRIES) return answer
      say('Waiting …')
      await pause(Math.min(60, answer.wait || 2 ** n) * 1000)
    } catch (error) {
      if (error.name === 'AbortError' || n >= TRIES) throw error
      say('Waiting for the network …')
      await pause(2 ** n * 1000)
    }
  }
}

export function refused(answer) {
  const fields = Object.values(answer.body?.fields ?? {})
  throw new Error(fields[0] ?? answer.body?.detail ?? 'It could not be taken')
}

async function whole(file, folder, { progress, signal, say }) {
  const answer = await patiently(() => {
    const form = new FormData()
    form.set('file', file)
    if (folder) form.set('folder_id', folder)
    return send('POST', API, form, { progress, signal })
  }, say)
  return answer.status === 201 ? answer.body : refused(answer)
}

async function inParts(file, folder, { progress, signal, say }) {
  const begun = await json('POST', `${API}/signed-url`, { filename: file.name, size_bytes: file.size, folder_id: folder || null, direct: false }, signal)
  if (begun.status !== 201) refused(begun)
  const upload = begun.body
  signal.addEventListener('abort', () => fetch(`${API}/${upload.upload_id}`, { method: 'DELETE', headers: { 'X-CSRF-Token': csrf() } }), { once: true })
  let stored = 0
  for (const part of upload.parts) {
    const start = (part.number - 1) * upload.part_bytes
    const answer = await patiently(() => send('PUT', part.url, file.slice(start, start + part.bytes_count), { progress: (sent) => progress(stored + sent), signal, headers: { 'Content-Type': 'application/octet-stream' } }), say)
    if (answer.status !== 204) refused(answer)
    stored += part.bytes_count
  }
  const done = await patiently(() => json('POST', `${API}/complete`, { upload_id: upload.upload_id }, signal), say)
  return done.status === 201 ? done.body : refused(done)
}

onReady('[data-uploader]', (form) => {
  const chooser = form.querySelector('input[type=file]')
  const zone = form.querySelector('[data-dropzone]')
  const queue = form.querySelector('[data-uploader-queue]')
  const said = form.querySelector('[data-uploader-said]')
  const folder = form.querySelector('[name=folder_id]')
  const waiting = []
  let busy = 0
  chooser.multiple = true
  chooser.required = false
  form.querySelectorAll('[data-uploader-hint]').forEach((hint) => { hint.hidden = false })
  form.querySelectorAll('[data-uploader-single]').forEach((part) => { part.hidden = true })
  form.querySelector('[data-uploader-label]').textContent = 'Files'

  function line(file) {
    const item = document.createElement('li')
    item.className = 'upload-line'
    const name = document.createElement('span')
    name.className = 'upload-name'
    name.textContent = file.name
    const bar = document.createElement('progress')
    bar.max = Math.max(1, file.size)
    bar.value = 0
    bar.setAttribute('aria-label', file.name)
    const note = document.createElement('span')
    note.className = 'upload-note num'
    note.textContent = `${size(file.size)}, waiting`
    const stop = document.createElement('button')
    stop.type = 'button'
    stop.className = 'btn btn-ghost btn-sm'
    stop.textContent = 'Cancel'
    stop.setAttribute('aria-label', `Cancel ${file.name}`)
    item.append(name, note, stop, bar)
    queue.append(item)
    return { item, name, bar, note, stop }
  }

  async function one({ file, shown, control, place }) {
    const { item, bar, note, stop, name } = shown
    const progress = (sent) => {
      bar.value = Math.min(sent, file.size)
      note.textContent = `${Math.floor(100 * bar.value / bar.max)} % of ${size(file.size)}`
    }
    const say = (text) => { note.textContent = text }
    try {
      if (file.size > Number(form.dataset.fileBytes)) throw new Error(`At most ${size(Number(form.dataset.fileBytes))}`)
      const way = file.size > Number(form.dataset.directBytes) ? inParts : whole
      const made = await way(file, place, { progress, say, signal: control.signal })
      bar.value = bar.max
      item.dataset.state = 'done'
      say(made.state === 'processing' ? 'Here; it is being worked on' : 'Here')
      const link = document.createElement('a')
      link.href = `/dashboard/media/${made.id}`
      link.className = 'text-link tap'
      link.textContent = file.name
      name.replaceChildren(link)
      stop.remove()
      said.textContent = `${file.name} is uploaded.`
    } catch (error) {
      item.dataset.state = 'failed'
      if (error.name === 'AbortError') return item.remove()
      say(error.message)
      said.textContent = `${file.name}: ${error.message}`
      stop.textContent = 'Try again'
      stop.setAttribute('aria-label', `Try ${file.name} again`)
      stop.onclick = () => { item.remove(); add([file]) }
    }
  }

  async function next() {
    while (busy < 2 && waiting.length) {
      busy += 1
      one(waiting.shift()).finally(() => { busy -= 1; next() })
    }
  }

  function add(files) {
    for (const file of files) {
      const entry = { file, shown: line(file), control: new AbortController(), place: folder.value }
      entry.shown.stop.onclick = () => {
        const at = waiting.indexOf(entry)
        if (at >= 0) { waiting.splice(at, 1); entry.shown.item.remove() } else entry.control.abort()
      }
      waiting.push(entry)
    }
    next()
  }

  chooser.addEventListener('change', () => { add([...chooser.files]); chooser.value = '' })
  form.addEventListener('submit', (event) => event.preventDefault())
  let inside = 0
  const over = (by) => { inside = Math.max(0, inside + by); zone.classList.toggle('dropzone-over', inside > 0) }
  zone.addEventListener('dragenter', (event) => { event.preventDefault(); over(1) })
  zone.addEventListener('dragleave', () => over(-1))
  zone.addEventListener('dragover', (event) => event.preventDefault())
  zone.addEventListener('drop', (event) => {
    event.preventDefault()
    over(-inside)
    add([...event.dataTransfer.files])
  })
  document.addEventListener('paste', (event) => { if (event.clipboardData?.files.length) add([...event.clipboardData.files]) })
  window.addEventListener('beforeunload', (event) => { if (busy || waiting.length) event.preventDefault() })
})

onReady('[data-media-bulk]', (form) => {
  const count = form.querySelector('[data-media-count]')
  const boxes = [...form.querySelectorAll('input[name=ids]')]
  let last = null
  const say = () => {
    const ticked = boxes.filter((box) => box.checked).length
    count.textContent = ticked ? `${ticked} ticked:` : 'With the ticked ones:'
  }
  // Shift ticks all between this one and the last one.
  form.addEventListener('click', (event) => {
    const at = boxes.indexOf(event.target)
    if (at < 0) return
    if (event.shiftKey && last !== null) for (let n = Math.min(at, last); n <= Math.max(at, last); n++) boxes[n].checked = boxes[at].checked
    last = at
    say()
  })
  form.addEventListener('change', say)
  form.querySelector('[data-tick-all]')?.addEventListener('click', () => {
    const all = boxes.every((box) => box.checked)
    boxes.forEach((box) => { box.checked = !all })
    say()
  })
  say()
})
