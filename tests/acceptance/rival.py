"""A second organisation on the same installation: another wall to look over, and a place where nothing matters."""

from __future__ import annotations

from tests.acceptance.client import Api


class Rival:
    """A second organisation on the same installation, with one of everything."""

    def __init__(self, admin: Api, commander: Api) -> None:
        self.admin, self.commander, self.service = admin, commander, "rival-shop"
        admin.post("/services", {"slug": self.service, "name": "Rival shop"}).must(201)
        body = {
            "name": "vercel", "provider": "vercel", "settings": {"project_id": "prj_1"}, "credentials": {"token": "t"},
        }  # fmt: skip
        self.connection = admin.post("/connections", body).must(201)["id"]
        admin.post(f"/services/{self.service}/environments", {"name": "production", "kind": "production"}).must(201)
        incident = {"title": "Ours", "severity": "P2", "service": self.service, "environment": "production"}
        self.incident = commander.post("/incidents", incident).must(201)["id"]
        freeze = {"stops": "deployments", "scope": "organisation", "reason": "Ours"}
        self.freeze = commander.post("/freezes", freeze).must(201)["id"]
