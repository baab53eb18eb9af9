"""Azure's storage emulator on this machine, and what stands between it and us."""
