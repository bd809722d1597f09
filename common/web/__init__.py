"""The Flask parts that hall and province share: skeleton, login, forms, words, filters, templates, serving.

Rules kept here:
- Nothing in here knows a log or a store. What a page needs from them comes in as plain values or as small
  objects whose few methods are written down where they are used (`accounts` in login, `Field` in forms).
- Every page works as plain form posts first; htmx and the two small scripts only make it quicker.
- No inline script, no inline style, nothing from elsewhere: the content security policy forbids all three.
- Errors become one Chinese sentence with a number, never a trace; what a person typed is never lost.
- Default deny: a view is for logged-in staff unless it says `@public` or `@machine`.
"""
