// The writing desk of a chapter. What is typed is kept apart from the chapter (an autosave, one for each writer) until it is
// saved, which makes a version of it. Two tabs do not write over one another: the later one is asked.
import { makeDesk } from './desk.js'
import { forget, makeKeeper, stored } from './keep.js'

const SAYINGS = {
  saved: 'Kept as you type, not in the chapter yet',
  unsaved: 'Not kept yet',
  saving: 'Keeping …',
  offline: 'No network; kept on this device',
  conflict: 'Open in another tab; kept on this device',
  'signed-out': 'You are logged out; kept on this device',
  error: 'Not kept; it is on this device',
}

export function mountChapter(form, { csrf, toast }) {
  const title = form.querySelector('[name="title"]')
  const note = form.querySelector('[name="author_note"]')
  const field = (name) => form.querySelector(`[name="${name}"]`)
  const api = `/api/v1/chapters/${form.dataset.id}`
  const tab = crypto.randomUUID()
  let desk = null
  let seen = form.dataset.seen || null // until when this tab knows what another one has kept
  let other = null
  const say = (state, text) => {
    form.dataset.state = state
    form.querySelector('[data-say="state"]').textContent = text
  }
  const keeper = makeKeeper({
    csrf,
    url: `${api}/autosave`,
    id: form.dataset.id,
    revision: Number(form.dataset.version),
    read: () => ({ title: title.value, body: desk.source.value, author_note: note.value }),
    pack: (text, { revision }) => ({ tab, seen, base_version: revision, title: text.title, body_markdown: text.body, author_note_markdown: text.author_note }),
    say: (state, detail, answer) => {
      say(state, detail && state === 'error' ? `${detail} Kept on this device.` : SAYINGS[state])
      if (state !== 'conflict') return
      other = answer.saved_at
      document.getElementById('tab-dialog').showModal()
    },
    live: false,
    kept: () => {},
  })
  desk = makeDesk(form, { csrf, toast, changed: () => keeper.changed() })
  note.addEventListener('input', keeper.changed)

  const put = (text) => {
    title.value = text.title
    note.value = text.author_note ?? ''
    desk.load(text.body)
  }
  const same = (text) => text.body === desk.source.value && text.title === title.value && (text.author_note ?? '') === note.value

  async function save() {
    if (form.dataset.saving) return
    form.dataset.saving = 'yes'
    say('saving', 'Saving …')
    try {
      await keeper.flush()
      const sent = { title: title.value, body: desk.source.value, author_note: note.value }
      const response = await fetch(api, {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf() },
        body: JSON.stringify({
          title: sent.title, body_markdown: sent.body, author_note_markdown: sent.author_note,
          author_note_position: field('author_note_position').value, note: field('note').value, revision: Number(field('revision').value),
        }),
      })
      const answer = await response.json().catch(() => ({}))
      if (response.ok) {
        field('revision').value = answer.revision
        field('note').value = ''
        keeper.settled(answer.version, same(sent))
        seen = null
        if (same(sent)) drop() // where the text was the same again, what was kept is still there
        return say(same(sent) ? 'in' : 'unsaved', same(sent) ? `Saved as version ${answer.version}` : SAYINGS.unsaved)
      }
      if (response.status === 409 && answer.revision) return conflict(answer.revision)
      const wrong = Object.values(answer.fields ?? {})[0] ?? answer.detail
      say('error', wrong || SAYINGS.error)
      toast({ text: wrong || 'It could not be saved. It is kept on this device.', kind: 'bad', seconds: 10 })
    } catch {
      say('offline', SAYINGS.offline)
      toast({ text: 'The network did not answer. Your text is kept on this device.', kind: 'bad', seconds: 10 })
    } finally {
      delete form.dataset.saving
    }
  }

  const drop = () => fetch(`${api}/autosave`, { method: 'DELETE', headers: { 'X-CSRF-Token': csrf() } }).catch(() => {})

  /** Somebody else saved meanwhile: both texts are kept, whichever is the newest version then. */
  async function conflict(revision) {
    say('conflict', 'Changed elsewhere; not saved yet')
    const answer = await fetch(api).then((response) => response.json())
    const theirs = { title: answer.title, body: answer.body_markdown, author_note: answer.author_note_markdown }
    const dialog = document.getElementById('conflict-dialog')
    dialog.querySelector('[data-other-text]').value = theirs.body
    dialog.querySelector('[data-conflict-mine]').onclick = () => {
      field('revision').value = answer.revision ?? revision
      dialog.close()
      save()
    }
    dialog.querySelector('[data-conflict-theirs]').onclick = async () => {
      const copied = await navigator.clipboard?.writeText(desk.source.value).then(() => true, () => false)
      put(theirs)
      field('revision').value = answer.revision
      dialog.close()
      await keeper.dropped(answer.version)
      drop()
      say('in', `Version ${answer.version}`)
      toast({ text: copied ? 'This is the other text. Yours is in the clipboard.' : 'This is the other text.', kind: 'good', seconds: 10 })
    }
    dialog.showModal()
  }

  const tabs = document.getElementById('tab-dialog')
  tabs.querySelector('[data-tab-here]').addEventListener('click', () => {
    seen = other
    tabs.close()
    keeper.resume()
  })

  tabs.querySelector('[data-tab-there]').addEventListener('click', () => keeper.done())

  offers(form, { put, same, keeper, drop, take: (at) => { seen = at } })
  for (const preview of form.querySelectorAll('[data-preview]')) {
    preview.addEventListener('click', async (event) => {
      event.preventDefault()
      const opened = window.open('', '_blank') // at once: later it would count as a pop-up
      if (await keeper.flush()) opened.location = preview.href
      else opened.close()
    })
  }
  // "Save" stays here; what leads on sends the form itself.
  form.addEventListener('submit', async (event) => {
    if (form.dataset.leaving) return keeper.done()
    event.preventDefault()
    const { submitter } = event
    if (submitter?.value === 'save') return save()
    await keeper.flush()
    setTimeout(() => {
      form.dataset.leaving = 'yes'
      form.requestSubmit(submitter)
      setTimeout(() => delete form.dataset.leaving, 1000)
    })
  })
  document.addEventListener('keydown', (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key !== 's') return
    event.preventDefault()
    save()
  })
  form.dataset.ready = ''
}

/** What was typed and never saved is offered, not pushed: from the server's autosave, or newer from this device. */
function offers(form, { put, same, keeper, drop, take }) {
  const id = form.dataset.id
  const note = form.querySelector('[data-restore]')
  const there = form.dataset.kept ? JSON.parse(form.dataset.kept) : null
  const kept = there && { title: there.title, body: there.body_markdown, author_note: there.author_note_markdown, at: Date.parse(there.saved_at) }
  const here = stored(id)
  if (here && same(here)) forget(id)
  const best = here && !same(here) && (!kept || here.at > kept.at) ? here : kept
  if (!best) return
  note.hidden = false
  const decide = (does) => (event) => {
    event.preventDefault()
    note.hidden = true
    if (there) take(there.saved_at)
    does()
  }
  note.querySelector('[data-restore-yes]').addEventListener('click', decide(() => { put(best); keeper.changed() }))
  note.querySelector('[data-restore-no]').addEventListener('click', decide(() => { forget(id); drop() }))
}
