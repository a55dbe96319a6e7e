"""The numberings of teeth: what each is called, and how the Account page offers it."""

NUMBERINGS = {
    "universal": ("Universal", "Universal (1-32, A-T)"),
    "fdi": ("FDI (ISO 3950)", "FDI (11-48, 51-85)"),
    "palmer": ("Palmer", "Palmer (UR1-LL8, URA-LLE)"),
}
