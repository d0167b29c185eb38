// [data-copy]: copies its value and says so, in the words of data-copied. Hidden until there is a clipboard.
// [data-print]: prints the page.
import { onReady } from './ready.js'
import { toast } from './toasts.js'

onReady('[data-copy]', (button) => {
  if (!navigator.clipboard) return
  button.hidden = false
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy)
      toast({ text: button.dataset.copied ?? `Copied ${button.dataset.copy}`, kind: 'good', seconds: 3 })
    } catch {
      toast({ text: 'The browser did not allow copying.', kind: 'bad' })
    }
  })
})

onReady('[data-print]', (button) => {
  button.hidden = false
  button.addEventListener('click', () => window.print())
})
