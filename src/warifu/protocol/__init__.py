"""The messages of Warifu and the end-to-end channel between signers.

Everything that crosses a trust boundary is defined here, parsed once, strictly, and bounded in length. Nothing in
this room does I/O. ``docs/protocol.md`` has the same in words and bytes, for a second implementation.
"""
