"""Passkeys and security keys at the owner's terminal: in a browser on a page of this client's own, or over USB."""
