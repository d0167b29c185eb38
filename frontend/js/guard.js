// form[data-guard]: who leaves the page with something changed and not sent is asked first. Coming back by an error, the form
// says `data-guard="changed"`: what was typed is still not saved.
import { onReady } from './ready.js'

onReady('form[data-guard]', (form) => {
  const state = () => JSON.stringify([...new FormData(form)].map(([name, value]) => [name, value instanceof File ? `${value.name} ${value.size}` : value]))
  const before = form.dataset.guard === 'changed' ? '' : state()
  let leaving = false
  form.addEventListener('submit', (event) => setTimeout(() => { leaving = !event.defaultPrevented }))
  addEventListener('pageshow', () => { leaving = false })
  addEventListener('beforeunload', (event) => { if (!leaving && form.isConnected && state() !== before) event.preventDefault() })
})
