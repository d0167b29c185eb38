// Fields and buttons within the text, and the hands in it.

/** A chain of commands, with the hands in the text at once: the editor's own focus command waits for a frame, in which the
 * next letter would still go to what was pressed. */
export function writing(editor) {
  editor.view.focus()
  return editor.chain().scrollIntoView()
}

export function button(text, press) {
  const made = document.createElement('button')
  made.type = 'button'
  made.className = 'btn btn-sm btn-default'
  made.textContent = text
  made.addEventListener('click', press)
  return made
}

/** With a limit one line, else as many as are typed. */
export function field(label, value, limit, change) {
  const wrap = document.createElement('label')
  wrap.className = 'picture-field'
  const name = document.createElement('span')
  name.textContent = label
  const input = document.createElement(limit ? 'input' : 'textarea')
  if (limit) {
    input.type = 'text'
    input.maxLength = limit
  }
  input.value = value ?? ''
  input.addEventListener('input', () => change(input.value))
  wrap.append(name, input)
  return { wrap, input }
}
