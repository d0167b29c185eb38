// The gift form: what the chosen coins are worth, what the writer gets, and the same on the button.
import { onReady } from './ready.js'

const thin = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, '\u202f')

onReady('[data-gift]', (form) => {
  const perUsd = Number(form.dataset.coinsPerUsd)
  const percent = Number(form.dataset.creatorPercent)
  const own = form.querySelector('[name="other_amount"]')
  const chosen = () => {
    const choice = new FormData(form).get('amount')
    return Math.max(0, Math.floor(Number(choice === 'other' ? own.value : choice) || 0))
  }
  const dollars = (coins) => `$${(Math.round((coins / perUsd) * 100) / 100).toFixed(2)}`
  const say = () => {
    const coins = chosen()
    const share = (coins * percent) / 100
    form.querySelector('[data-gift-worth]').textContent = dollars(coins)
    form.querySelector('[data-gift-share]').textContent = `${thin(Math.floor(share))}${share % 1 ? `.${String(Math.round((share % 1) * 100)).padStart(2, '0')}` : ''}`
    form.querySelector('[data-gift-label]').textContent = coins ? `Gift ${thin(coins)} ${coins === 1 ? 'coin' : 'coins'}` : 'Choose an amount'
    const short = coins > Number(form.dataset.balance)
    form.querySelector('[data-gift-short]').hidden = !short
    form.querySelector('[type="submit"]').disabled = !coins || short
  }
  own.addEventListener('focus', () => { form.querySelector('[name="amount"][value="other"]').checked = true; say() })
  form.addEventListener('input', say)
  say()
})
