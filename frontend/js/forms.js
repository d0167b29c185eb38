// Small help for forms: show a password, count characters, focus the errors, one submission at a time, keep relative times fresh.
import { onReady } from './ready.js'

onReady('[data-reveal]', (button) => {
  const field = document.getElementById(button.dataset.reveal)
  button.hidden = false
  button.addEventListener('click', () => {
    const shown = field.type === 'password'
    field.type = shown ? 'text' : 'password'
    button.setAttribute('aria-pressed', String(shown))
    button.setAttribute('aria-label', shown ? 'Hide password' : 'Show password')
  })
})

onReady('textarea[data-counter]', (field) => {
  const limit = field.maxLength
  const note = document.createElement('p')
  note.className = 'field-help num'
  const say = () => { note.textContent = `${field.value.length} of ${limit}` }
  field.addEventListener('input', say)
  field.after(note)
  say()
})

onReady('[data-error-summary]', (summary) => summary.focus())

// A second click must not send a form twice; the pages that move money also carry a key of their own. HTMX would keep the second
// one and send it after the first, so it is stopped before HTMX hears of it, until the first is answered.
document.addEventListener('submit', (event) => {
  const form = event.target
  if (!form.hasAttribute('hx-post')) return
  if (form.dataset.sent) {
    event.preventDefault()
    event.stopPropagation()
  } else sending(form)
}, true)
document.addEventListener('htmx:finally:request', (event) => delete event.detail.ctx.sourceElement.dataset.sent)
document.addEventListener('submit', (event) => {
  const form = event.target
  if (form.method !== 'post' || form.hasAttribute('hx-post') || event.defaultPrevented) return
  if (form.dataset.sent) event.preventDefault()
  sending(form)
})
function sending(form) {
  form.dataset.sent = 'yes'
  setTimeout(() => delete form.dataset.sent, 5000)
}
window.addEventListener('pageshow', () => document.querySelectorAll('form[data-sent]').forEach((form) => delete form.dataset.sent))

const units = [['day', 86400], ['hour', 3600], ['minute', 60]]
function ago(moment) {
  const seconds = (Date.now() - moment) / 1000
  if (Math.abs(seconds) < 45) return seconds < 0 ? 'in a moment' : 'just now'
  if (Math.abs(seconds) >= 14 * 86400) return null
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? units[2]
  const number = Math.max(1, Math.floor(Math.abs(seconds) / size))
  const text = `${number} ${unit}${number === 1 ? '' : 's'}`
  return seconds < 0 ? `in ${text}` : `${text} ago`
}
setInterval(() => {
  for (const element of document.querySelectorAll('time[data-ago]')) {
    const text = ago(new Date(element.dateTime).getTime())
    if (text && text !== element.textContent) element.textContent = text
  }
}, 30000)
