"""Example answers in the exchanges' documented forms, written by hand: one for each endpoint, with what asks for it.

``RECORDED[name] = (request, method and target, body, answer)``; the body is None where the request has none. No real
account is in them.
"""
