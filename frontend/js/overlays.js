// Dialogs and menus. A dialog's opener is a link or button with data-dialog; a menu is a <details data-menu>.
document.addEventListener('click', (event) => {
  const opener = event.target.closest('[data-dialog]')
  const dialog = opener && document.getElementById(opener.dataset.dialog)
  if (dialog && !event.ctrlKey && !event.metaKey) {
    event.preventDefault()
    dialog.showModal()
    dialog.dispatchEvent(new CustomEvent('stoa:open', { bubbles: true }))
    return
  }
  // A click on the backdrop hits the dialog element itself.
  if (event.target instanceof HTMLDialogElement && event.target.open) {
    const box = event.target.getBoundingClientRect()
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom
    if (!inside) event.target.close()
  }
  for (const menu of document.querySelectorAll('details[data-menu][open]')) {
    if (!menu.contains(event.target)) menu.open = false
  }
})
document.addEventListener('closeDialog', () => document.querySelectorAll('dialog[open]').forEach((dialog) => dialog.close()))
document.addEventListener('keydown', (event) => {
  const menu = event.target.closest?.('details[data-menu]') ?? document.querySelector('details[data-menu][open]')
  if (!menu?.open) return
  if (event.key === 'Escape') {
    menu.open = false
    menu.querySelector('summary').focus()
  }
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
  const items = [...menu.querySelectorAll('.menu-item, .menu-panel button')]
  const at = items.indexOf(document.activeElement)
  const next = items[(at + (event.key === 'ArrowDown' ? 1 : at < 0 ? 0 : -1) + items.length) % items.length]
  if (next) {
    event.preventDefault()
    next.focus()
  }
})
