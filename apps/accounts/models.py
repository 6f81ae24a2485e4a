"""Who is here: organisations, people, the roles they hold, and the tokens that act for them."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Group, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from apps.accounts.rights import DEEDS
from apps.timeline.ids import new_id
from apps.timeline.walls import OrganisationRow, WithinOrganisation


class UserManager(BaseUserManager["User"]):
    """Creates accounts by their address."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Return a new account; `email` is compared without regard to case."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Return a new account that may open the admin pages."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """One way to sign in. A person may be in several organisations with it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects = UserManager()
    USERNAME_FIELD = "email"

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_account_per_address")]

    def __str__(self) -> str:
        return self.name or self.email


class Organisation(models.Model):
    """A team with walls around it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=64, default="UTC")
    break_glass_allowed = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        permissions = list(DEEDS.items())

    def __str__(self) -> str:
        return self.name


class Person(OrganisationRow):
    """A human in an organisation: votes, duties and deeds are theirs, whatever account they sign in with."""

    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="people")
    name = models.CharField(max_length=200)
    email = models.EmailField()
    phone = models.CharField(max_length=40, blank=True)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    roles: models.ManyToManyField = models.ManyToManyField("Role", through="RoleHolding", related_name="people")

    class Meta:
        constraints = [
            models.UniqueConstraint("organisation", Lower("email"), name="one_person_per_address"),
            models.UniqueConstraint(fields=["organisation", "user"], name="one_person_per_account"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def has_password(self) -> bool:
        """Whether the person can sign in with a password already."""
        return self.user is not None and self.user.has_usable_password()


class Role(OrganisationRow):
    """What people do here. Its rights are granted to `group`, on the organisation, by django-guardian."""

    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    duties = models.TextField(blank=True)
    rights = ArrayField(models.CharField(max_length=40), default=list)
    group = models.OneToOneField(Group, null=True, on_delete=models.PROTECT, related_name="role")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "slug"], name="one_role_per_slug")]

    def __str__(self) -> str:
        return self.name


class RoleHolding(OrganisationRow):
    """A person holds a role. `source` is empty where a person gave it, else names the sign-in service that did."""

    role = WithinOrganisation(Role, related_name="holdings", on_delete=models.CASCADE)
    person = WithinOrganisation(Person, related_name="holdings", on_delete=models.CASCADE)
    source = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["role", "person"], name="a_role_is_held_once")]


class Substitute(OrganisationRow):
    """A person named beforehand, who takes the role's seat when its holders have let its time run out."""

    role = WithinOrganisation(Role, related_name="substitutes", on_delete=models.CASCADE)
    person = WithinOrganisation(Person, related_name="substitutes_for", on_delete=models.CASCADE)
    position = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["role", "person"], name="a_substitute_is_named_once")]
        ordering = ["position"]


class Grant(OrganisationRow):
    """Rights of a role in one service or one environment only. Kept in step with django-guardian by `granting`."""

    role = WithinOrganisation(Role, related_name="grants", on_delete=models.CASCADE)
    service = WithinOrganisation("deployments.Service", null=True, related_name="+", on_delete=models.CASCADE)
    environment = WithinOrganisation("deployments.Environment", null=True, related_name="+", on_delete=models.CASCADE)
    rights = ArrayField(models.CharField(max_length=40), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["role", "service"], name="one_grant_per_service"),
            models.UniqueConstraint(fields=["role", "environment"], name="one_grant_per_environment"),
            models.CheckConstraint(
                condition=models.Q(service=None) ^ models.Q(environment=None), name="a_grant_is_for_one_thing"
            ),
        ]


class GroupMapping(OrganisationRow):
    """Whoever a single sign-on service calls a member of `group` holds `role` here, as long as it says so."""

    provider = models.SlugField(max_length=60)
    group = models.CharField(max_length=200)
    role = WithinOrganisation(Role, related_name="group_mappings", on_delete=models.CASCADE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "provider", "group", "role"], name="a_group_is_mapped_once")
        ]


class Token(OrganisationRow):
    """Lets a program act: for its person, or as a service that never votes. Only its hash is kept."""

    person = WithinOrganisation(Person, null=True, related_name="tokens", on_delete=models.CASCADE)
    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=16, unique=True)
    secret_hash = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=20), default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    window_started_at = models.DateTimeField(null=True)
    calls_in_window = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class IdempotentAnswer(OrganisationRow):
    """The first answer given to an Idempotency-Key, so that a repeat gets the same one."""

    token = WithinOrganisation(Token, related_name="+", on_delete=models.CASCADE)
    key = models.CharField(max_length=200)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="one_answer_per_idempotency_key")]


class SetUpLink(models.Model):
    """The one-time door for the first administrator of an empty installation."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    secret_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"until {self.expires_at}"
