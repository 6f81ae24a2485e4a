"""Connections: one account at one provider, with its credentials sealed."""

from django.db import models

from apps.timeline.walls import OrganisationRow, WithinOrganisation


class Connection(OrganisationRow):
    """An account at a provider that an organisation connected. Credentials can be replaced, never read back."""

    name = models.CharField(max_length=120)
    provider = models.SlugField(max_length=40)
    base_url = models.URLField(max_length=500, blank=True)
    settings = models.JSONField(default=dict)
    sealed_credentials = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)
    created_by = WithinOrganisation("accounts.Person", null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    checked_at = models.DateTimeField(null=True)
    check_ok = models.BooleanField(null=True)
    findings = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="one_connection_per_name")]

    def __str__(self) -> str:
        return self.name


class Receipt(OrganisationRow):
    """The bytes of a signed delivery, kept before anybody reads them."""

    connection = WithinOrganisation(Connection, related_name="receipts")
    fingerprint = models.CharField(max_length=64)  # SHA-256 of the bytes
    body = models.BinaryField()
    kept_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "connection", "fingerprint"], name="bytes_are_kept_once")
        ]


class Delivery(OrganisationRow):
    """A delivery that was taken, by the id that its provider gave it; written together with all that follows."""

    connection = WithinOrganisation(Connection, related_name="deliveries")
    delivery_id = models.CharField(max_length=200)
    event = models.CharField(max_length=200)
    taken_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "connection", "delivery_id"], name="a_delivery_is_taken_once"
            )
        ]
