"""What brings work to run, a module for each subject: verify, translate, enqueue or call a use case, answer. No rules."""
