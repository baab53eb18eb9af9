"""One trigger per file: verify, translate, enqueue or call a use case, answer. No rules."""
