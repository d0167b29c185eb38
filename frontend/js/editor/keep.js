// What is typed is never lost: it goes to this device at once, and to the server when the hands rest.
const PAUSE_MS = 1500
const LONGEST_MS = 12000
const key = (id) => `stoa:draft:${id || 'new'}`

export function stored(id) {
  try {
    return JSON.parse(localStorage.getItem(key(id)))
  } catch {
    return null
  }
}

export function forget(id) {
  try {
    localStorage.removeItem(key(id))
  } catch { /* storage may be switched off */ }
}

/** read(): the text as it stands; say(state, detail, answer): see SAYINGS; kept(id, revision, isNew): what the server has;
 * pack(text, { id, revision }): what is sent.
 * live: the text is out, so changes stay on this device until the form is sent. */
export function makeKeeper({ csrf, url, id, revision, read, say, kept, live, pack = (text, names) => ({ ...names, ...text }) }) {
  let current = id
  let version = revision
  let pause
  let first = 0
  let running = null
  let dirty = false
  let stopped = false
  let pauseAfter = PAUSE_MS

  function keepHere(text) {
    try {
      localStorage.setItem(key(current), JSON.stringify({ ...text, revision: version, at: Date.now() }))
    } catch { /* full or switched off: the server still has it */ }
  }

  async function send() {
    const text = read()
    if (!current && !text.title.trim() && !text.body.trim()) return true
    dirty = false
    say('saving')
    let response
    try {
      response = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf() },
        body: JSON.stringify(pack(text, { id: current || null, revision: version })),
        keepalive: text.body.length < 30000,
      })
    } catch {
      dirty = true
      say('offline')
      again()
      return false
    }
    const answer = await response.json().catch(() => ({}))
    if (!response.ok) {
      dirty = true
      stopped = response.status === 409
      say(stopped ? 'conflict' : response.status === 401 ? 'signed-out' : 'error', answer.detail, answer)
      if (response.status >= 500 || response.status === 429) again()
      return false
    }
    pauseAfter = PAUSE_MS
    const isNew = !current
    if (isNew) forget(null)
    current = answer.id ?? current
    version = answer.revision ?? version
    kept(current, version, isNew)
    if (!dirty) {
      forget(current)
      say('saved')
    }
    return true
  }

  function again() {
    pauseAfter = Math.min(60000, pauseAfter * 2)
    clearTimeout(pause)
    pause = setTimeout(flush, pauseAfter)
  }

  async function flush() {
    clearTimeout(pause)
    first = 0
    while (running) await running
    if (stopped || live || !dirty) return live || !dirty
    running = send()
    const done = await running
    running = null
    return done
  }

  function changed() {
    dirty = true
    keepHere(read())
    if (stopped) return
    say(live ? 'waiting' : 'unsaved')
    if (live) return
    first ||= Date.now()
    clearTimeout(pause)
    pause = setTimeout(flush, Math.max(0, Math.min(PAUSE_MS, first + LONGEST_MS - Date.now())))
  }

  /** After a conflict: goes on, with what read() says now. */
  function resume() {
    stopped = false
    dirty = true
    return flush()
  }

  /** The text itself was saved elsewhere, as this version; `all` of it, or something was typed since. */
  function settled(saved, all) {
    version = saved
    if (!all) return
    clearTimeout(pause)
    dirty = false
    forget(current)
  }

  /** The page itself came back with what was typed, which the server has not got: it stays on this device. After a
   * conflict, nothing is sent until the newer text was looked at. */
  function returned(conflict) {
    keepHere(read())
    if (!conflict) return
    stopped = true
    say('conflict')
  }

  /** What was typed is given up for this version. */
  async function dropped(now) {
    while (running) await running
    stopped = false
    settled(now, true)
  }

  addEventListener('online', () => dirty && flush())
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && dirty && flush())
  addEventListener('beforeunload', (event) => { if (dirty) event.preventDefault() })

  return { changed, flush, get id() { return current }, get revision() { return version }, get dirty() { return dirty }, done() { dirty = false }, resume, returned, settled, dropped }
}
