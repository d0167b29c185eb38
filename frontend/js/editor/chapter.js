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
  const tab = crypto.randomUUID()
  let desk = null
  let takes = false
  const say = (state, text) => {
    form.dataset.state = state
    form.querySelector('[data-say="state"]').textContent = text
  }
  const keeper = makeKeeper({
    csrf,
    url: form.dataset.autosave,
    id: form.dataset.id,
    revision: Number(form.dataset.version),
    read: () => ({ title: title.value, body: desk.source.value, author_note: note.value, tab, takes }),
    say: (state, detail) => {
      say(state, detail && state === 'error' ? `${detail} Kept on this device.` : SAYINGS[state])
      if (state === 'conflict') document.getElementById('tab-dialog').showModal()
    },
    live: false,
    kept: () => { takes = false },
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
      const response = await fetch(form.dataset.save, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf() },
        body: JSON.stringify({ ...sent, author_note_position: field('author_note_position').value, note: field('note').value, revision: Number(field('revision').value) }),
      })
      const answer = await response.json().catch(() => ({}))
      if (response.ok) {
        field('revision').value = answer.revision
        field('note').value = ''
        keeper.settled(answer.version, same(sent))
        return say(same(sent) ? 'in' : 'unsaved', same(sent) ? `Saved as version ${answer.version}` : SAYINGS.unsaved)
      }
      if (response.status === 409 && answer.revision) return conflict(answer)
      say('error', answer.detail || SAYINGS.error)
      toast({ text: answer.detail || 'It could not be saved. It is kept on this device.', kind: 'bad', seconds: 10 })
    } catch {
      say('offline', SAYINGS.offline)
      toast({ text: 'The network did not answer. Your text is kept on this device.', kind: 'bad', seconds: 10 })
    } finally {
      delete form.dataset.saving
    }
  }

  /** Somebody else saved meanwhile: both texts are kept, whichever is the newest version then. */
  function conflict(other) {
    say('conflict', 'Changed elsewhere; not saved yet')
    const dialog = document.getElementById('conflict-dialog')
    dialog.querySelector('[data-other-text]').value = other.body
    dialog.querySelector('[data-conflict-mine]').onclick = () => {
      field('revision').value = other.revision
      dialog.close()
      save()
    }
    dialog.querySelector('[data-conflict-theirs]').onclick = async () => {
      await navigator.clipboard?.writeText(desk.source.value).catch(() => {})
      put(other)
      field('revision').value = other.revision
      dialog.close()
      await keeper.dropped(other.version)
      fetch(`${form.dataset.autosave}/drop`, { method: 'POST', headers: { 'X-CSRF-Token': csrf() } })
      say('in', `Version ${other.version}`)
      toast({ text: 'This is the other text. Yours is in the clipboard.', kind: 'good', seconds: 10 })
    }
    dialog.showModal()
  }

  const tabs = document.getElementById('tab-dialog')
  tabs.querySelector('[data-tab-here]').addEventListener('click', () => {
    takes = true
    tabs.close()
    keeper.resume()
  })

  offers(form, { put, same, keeper, csrf })
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
function offers(form, { put, same, keeper, csrf }) {
  const id = form.dataset.id
  const note = form.querySelector('[data-restore]')
  const kept = form.dataset.kept ? JSON.parse(form.dataset.kept) : null
  const here = stored(id)
  const best = here && (!kept || here.at > Date.parse(kept.saved_at)) ? here : kept
  if (here && same(here)) forget(id)
  if (!best || same(best)) {
    note.hidden = true
    return
  }
  note.hidden = false
  note.querySelector('[data-restore-yes]').addEventListener('click', (event) => {
    event.preventDefault()
    put(best)
    note.hidden = true
    keeper.changed()
  })
  note.querySelector('[data-restore-no]').addEventListener('click', (event) => {
    event.preventDefault()
    forget(id)
    note.hidden = true
    fetch(`${form.dataset.autosave}/drop`, { method: 'POST', headers: { 'X-CSRF-Token': csrf() } })
  })
}
