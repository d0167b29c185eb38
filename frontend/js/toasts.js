// Toasts: server-rendered ones, those of an HX-Trigger header ("toast"), and our own.
import { onReady } from './ready.js'

const region = () => document.getElementById('toasts')

export function toast({ text, kind = '', action = null, seconds = 6 }) {
  const item = document.getElementById('toast-template').content.firstElementChild.cloneNode(true)
  item.querySelector('.toast-text').textContent = text
  const use = item.querySelector('use')
  const icon = { good: 'circle-check', warn: 'triangle-alert', bad: 'circle-alert' }[kind] ?? 'info'
  use.setAttribute('href', use.getAttribute('href').replace(/#.*/, `#${icon}`))
  const form = item.querySelector('form')
  if (action?.url) {
    form.action = action.url
    form.setAttribute('hx-post', action.url)
    form.setAttribute('hx-swap', 'none')
    form.setAttribute('hx-target', '#toasts')
    form.querySelector('button').textContent = action.label
  } else form.remove()
  item.dataset.seconds = seconds
  region().append(item)
  window.htmx?.process(item)
  start(item)
}

function start(item) {
  const close = item.querySelector('[data-toast-close]')
  close.hidden = false
  let timer
  const leave = () => item.remove()
  const count = () => { clearTimeout(timer); timer = setTimeout(leave, (Number(item.dataset.seconds) || 6) * 1000) }
  close.addEventListener('click', leave)
  // What can be undone goes away when its time is over; anything else waits while it is being read or used.
  if (!item.querySelector('form')) {
    for (const name of ['pointerenter', 'focusin']) item.addEventListener(name, () => clearTimeout(timer))
    for (const name of ['pointerleave', 'focusout']) item.addEventListener(name, count)
  }
  item.querySelector('form')?.addEventListener('submit', () => setTimeout(leave, 0))
  count()
}

onReady('[data-toast]', (item) => { if (item.closest('#toasts')) start(item) })
document.addEventListener('toast', (event) => {
  for (const one of event.detail.items ?? [event.detail]) toast(one)
})
