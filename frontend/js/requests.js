// HTMX: the CSRF token on each request, and a word when the network fails.
import 'htmx.org'
import { toast } from './toasts.js'

export const csrf = () => document.querySelector('meta[name="csrf-token"]')?.content ?? ''

document.addEventListener('htmx:config:request', (event) => {
  event.detail.ctx.request.headers['X-CSRF-Token'] = csrf()
})
document.addEventListener('htmx:error', () => toast({ text: 'The network did not answer. Nothing was changed.', kind: 'bad' }))
document.addEventListener('htmx:response:error', (event) => {
  const { status, headers } = event.detail.ctx.response
  if (status >= 500 && !headers.get('hx-trigger')) toast({ text: 'Something went wrong. Please try again.', kind: 'bad' })
})
