def uninstall_hook(env):
    """Take the targets of our figure along: without us nobody knows what it is."""
    env["aftersale.figure.target"].search([("figure", "=", "conversion")]).unlink()
