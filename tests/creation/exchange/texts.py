"""A chapter that uses all that there is in Markdown here."""

EVERYTHING = r"""First *soft* and **hard *both* x** ~~no~~ `co\de` with \*stars\* 1\. a_b_c _x_ <b> &amp; a|b
next line\
broken, ||hidden *words*|| too

# Heading *one*

## Two

> quote **a**
>
> second

- a
- b
  - c
    1. x
    2. y

1. one

   para
2. two

---

| a | b\|c |
|:--|--:|
| *1* | `x` |

```python
def f():
    return "<b>"
```

A note.[^1] And [link *em*](https://example.org/x_(y)?a=b&c=d) and <https://example.org>. More[^b] and again.[^1]

[^1]: The *note*.

    Second para.
[^b]: Other

\# no heading

\- no list

1\. no

It's *“quoted”* and x*y*z, \[x\](y)"""
