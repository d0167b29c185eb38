// The gift form: what the chosen coins are worth, what the writer gets, and the same on the button. What is not a whole number in
// range is told by the server, so it can be sent.
import { onReady } from './ready.js'

const thin = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, '\u202f')

onReady('[data-gift]', (form) => {
  const perUsd = Number(form.dataset.coinsPerUsd)
  const percent = Number(form.dataset.creatorPercent)
  const own = form.querySelector('[name="other_amount"]')
  const chosen = () => {
    const choice = new FormData(form).get('amount')
    const typed = (choice === 'other' ? own.value : choice ?? '').trim()
    return /^\d{1,7}$/.test(typed) && Number(typed) <= Number(own.max) ? Number(typed) : 0
  }
  const dollars = (coins) => `$${(Math.round((coins / perUsd) * 100) / 100).toFixed(2)}`
  const say = () => {
    const coins = chosen()
    const share = (coins * percent) / 100
    for (const part of form.querySelectorAll('[data-gift-any]')) part.hidden = coins > 0
    for (const part of form.querySelectorAll('[data-gift-exact]')) part.hidden = !coins
    form.querySelector('[data-gift-worth]').textContent = dollars(coins)
    form.querySelector('[data-gift-share]').textContent = `${thin(Math.floor(share))}${share % 1 ? `.${String(Math.round((share % 1) * 100)).padStart(2, '0')}` : ''}`
    form.querySelector('[data-gift-label]').textContent = coins ? `Gift ${thin(coins)} ${coins === 1 ? 'coin' : 'coins'}` : 'Gift'
    const short = coins > Number(form.dataset.balance)
    form.querySelector('[data-gift-short]').hidden = !short
    form.querySelector('[type="submit"]').disabled = short
  }
  own.addEventListener('focus', () => { form.querySelector('[name="amount"][value="other"]').checked = true; say() })
  form.addEventListener('input', say)
  say()
})

// The opener of the dialog may be gone with what the answer replaced; then the thanks have the focus.
document.addEventListener('closeDialog', () => {
  const focused = document.activeElement
  if (focused === document.body || !focused.checkVisibility()) document.querySelector('#thanks[tabindex]')?.focus()
})
