// The writing pages. Without this file they are forms with a Markdown field; this puts a rich editor in its place.
import { mountChapter } from './editor/chapter.js'
import { makeDesk } from './editor/desk.js'
import { forget, makeKeeper, stored } from './editor/keep.js'

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
export function mount(form, tools) {
  if (form.dataset.editorRoot === 'page') return mountPage(form, tools)
  return form.dataset.editorRoot === 'chapter' ? mountChapter(form, tools) : mountPost(form, tools)
}

/** A page of a site: kept by its buttons, not while one types. */
function mountPage(form, tools) {
  makeDesk(form, { ...tools, changed: () => {} })
  form.dataset.ready = ''
}

function mountPost(form, { csrf, toast }) {
  const source = form.querySelector('[data-editor-source]')
  const title = form.querySelector('[name="title"]')
  const category = form.querySelector('[name="category"]')
  const keeper = makeKeeper({
    csrf,
    url: form.dataset.save,
    id: form.dataset.id || null,
    revision: Number(form.dataset.revision) || null,
    read: () => ({ title: title.value, body: source.value, category: category.value || null }),
    say: (state, detail) => {
      form.dataset.state = state
      form.querySelector('[data-say="state"]').textContent = detail && state === 'error' ? `${detail} Kept on this device.` : SAYINGS[state]
      form.querySelector('[data-conflict]').hidden = state !== 'conflict'
    },
    live: form.hasAttribute('data-live'),
    kept: (id, revision, isNew) => {
      form.querySelector('[name="id"]').value = form.dataset.id = id
      form.querySelector('[name="revision"]').value = revision
      if (isNew) history.replaceState(null, '', `/write/${id}`)
    },
  })
  const { load } = makeDesk(form, { csrf, toast, changed: () => keeper.changed() })
  category.addEventListener('change', keeper.changed)
  // An empty page that comes back is nothing to keep, least of all over what is kept here already.
  if (form.dataset.returned && (title.value.trim() || source.value.trim())) keeper.returned(form.dataset.returned === 'conflict')
  else offerStored(form, title, load, keeper)
  buttons(form, keeper)
  form.dataset.ready = ''
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
