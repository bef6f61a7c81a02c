from collections import defaultdict, namedtuple

Contact = namedtuple("Contact", "day contact_class plan_id order_id target_id scenario company_id state ref")


class ContactLedger:
    """The contacts each address, number and customer had or will have, for counting against the cap.

    Works on rows of `aftersale.followup`: records, or the dictionaries they will be created from. A contact's ``ref``
    is the id of the stored row, or the dictionary.
    """

    def __init__(self):
        self._by_key = defaultdict(list)
        self._human = defaultdict(list)
        self._starved = defaultdict(set)

    # ------------------------------------------------------------
    # Filling
    # ------------------------------------------------------------

    @staticmethod
    def keys(row):
        """Return what identifies the customer of ``row``: address, number, commercial partner."""
        if isinstance(row, dict):
            return [key for key in (row["email_key"], row["phone_key"], row["commercial_partner_id"]) if key]
        return [key for key in (row.email_key, row.phone_key, row.commercial_partner_id.id) if key]

    def add(self, row, day):
        """Count ``row`` as a contact on ``day``."""
        if isinstance(row, dict):
            names = ("contact_class", "plan_id", "order_id", "target_id", "scenario", "company_id")
            contact = Contact(day, *map(row.get, names), "planned", row)
        else:
            ids = (row.plan_id.id, row.order_id.id, row.target_id.id, row.scenario, row.company_id.id)
            contact = Contact(day, row.contact_class, *ids, row.state, row.id)
        self.add_contact(self.keys(row), contact)

    def add_contact(self, keys, contact):
        """Count ``contact`` for whoever is known by one of ``keys``."""
        for key in keys:
            self._by_key[key].append(contact)

    def move(self, followup, day):
        """Count the stored ``followup`` on ``day`` instead of where it was."""
        for key in self.keys(followup):
            self._by_key[key] = [contact for contact in self._by_key[key] if contact.ref != followup.id]
        self.add(followup, day)

    def remove(self, row):
        """Count ``row`` no longer, as long as it is a dictionary that was added before."""
        for key in self.keys(row):
            self._by_key[key] = [contact for contact in self._by_key[key] if contact.ref is not row]

    def add_human(self, customer_id, day):
        """Note that somebody spoke to the customer (id of the commercial partner) on ``day``, outside follow-ups."""
        self._human[customer_id].append(day)

    def add_starved(self, customer_id, contact_class):
        """Note that a kind of contact lost its last turn with this customer to another kind."""
        self._starved[customer_id].add(contact_class)

    # ------------------------------------------------------------
    # Asking
    # ------------------------------------------------------------

    def planned_ids(self):
        """Return the ids of the stored follow-ups of this ledger that are still planned."""
        contacts = (contact for contacts in self._by_key.values() for contact in contacts)
        return {c.ref for c in contacts if c.state == "planned" and not isinstance(c.ref, dict)}

    def contacts(self, row):
        """Return the other contacts of the customer of ``row``, the earliest first."""
        own = row if isinstance(row, dict) else row.id
        found = {id(contact): contact for key in self.keys(row) for contact in self._by_key.get(key, ())}
        others = (c for c in found.values() if c.ref is not own and (isinstance(own, dict) or c.ref != own))
        return sorted(others, key=lambda contact: contact.day)

    def spoken_to(self, row):
        """Return the days on which somebody spoke to the customer of ``row`` outside of follow-ups."""
        return self._human.get(self._customer(row), ())

    def is_starved(self, row):
        """Return whether the kind of ``row`` lost its last turn with the customer to another kind."""
        return self._class(row) in self._starved.get(self._customer(row), ())

    def reserved(self, row):
        """Return how many of the year's contacts are kept from ``row`` for kinds that lost their turn.

        None where its own kind lost one, too: kinds that lost do not keep each other waiting.
        """
        return 0 if self.is_starved(row) else len(self._starved.get(self._customer(row), ()))

    @staticmethod
    def _customer(row):
        return row["commercial_partner_id"] if isinstance(row, dict) else row.commercial_partner_id.id

    @staticmethod
    def _class(row):
        return row["contact_class"] if isinstance(row, dict) else row.contact_class
