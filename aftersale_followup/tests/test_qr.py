import base64
import io
import re

from PIL import Image

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.aftersale_followup_message import LINK
from ..models.qr_code import qr_picture
from .capture_common import CaptureCase


@tagged("post_install", "-at_install")
class TestQr(CaptureCase):
    """The agent shows the customer's link as a QR code; nobody else gets it, and it is noted who did."""

    def _open(self, user):
        action = self.followup.with_user(user).action_show_qr()
        return self.env["aftersale.qr"].with_user(user).browse(action["res_id"])

    def test_code_holds_the_link_and_is_noted(self):
        html = self._open(self.agent).picture
        address = re.search(r'src="(data:[^"]+)"', html)[1]
        link = self.followup.with_context(aftersale_link=LINK)._get_link()
        self.assertIn(self.followup.access_token, link)
        self.assertEqual(address, qr_picture(link))
        picture = Image.open(io.BytesIO(base64.b64decode(address.split(",")[1])))
        self.assertGreater(picture.size[0], 150)
        log = self.env["aftersale.access.log"].search([("purpose", "=", "link")])
        self.assertEqual((log.user_id, log.partner_id), (self.agent, self.partner))

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
    def test_others_do_not_get_it(self):
        code = self._open(self.agent)
        for user in (self.agent_2, self.env.ref("base.public_user")):
            with self.assertRaises(AccessError):
                self._open(user)
            with self.assertRaises(AccessError):
                code.with_user(user).read(["picture"])
        self.assertFalse(
            self.env["aftersale.qr"].with_user(self.agent_2).new({"followup_id": self.followup.id}).picture
        )
        self.followup.user_id = self.agent_2
        code.invalidate_recordset()
        with self.assertRaises(AccessError):
            self.assertFalse(code.picture)

    def test_only_an_open_link_is_shown(self):
        for state in ("planned", "done", "cancelled"):
            self.followup = self._followup(state=state)
            with self.subTest(state=state), self.assertRaises(UserError):
                self._open(self.agent)
