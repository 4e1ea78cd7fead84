# The service as a container. docs/deployment.md tells how it is run.
#
#   docker build --tag corrin --build-arg VERSION=… --build-arg REVISION="$(git rev-parse HEAD)" .
#
# PYTHON is a tag of the official Python image. Pin it by digest where you build for use:
#   --build-arg PYTHON=3.11-slim-bookworm@sha256:…
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python -m venv /app/build && python -m venv --without-pip /app/corrin

# Every package is the one that was locked, and none runs code of its own to be installed.
COPY requirements-build.lock requirements.lock ./
RUN /app/build/bin/python -m pip install --require-hashes --only-binary=:all: --requirement requirements-build.lock
RUN /app/build/bin/python -m pip --python /app/corrin/bin/python install --require-hashes --only-binary=:all: --requirement requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY rules rules
COPY fixtures/fhir fixtures/fhir
COPY service service
RUN /app/build/bin/python -m pip wheel --no-build-isolation --no-deps --no-index --wheel-dir /src/dist . \
 && /app/build/bin/python -m pip --python /app/corrin/bin/python install --no-deps --no-index /src/dist/*.whl
COPY deploy/healthcheck.py /app/corrin/healthcheck.py


FROM python:${PYTHON}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Corrin" \
      org.opencontainers.image.description="Reads laboratory results and returns vitamin B12 notes for a clinician to review. Never a diagnosis, never an order. Stores nothing." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# What installs packages has no business in what serves.
RUN python -m pip uninstall --yes --root-user-action=ignore pip setuptools wheel \
 && rm -rf /usr/local/lib/python3*/ensurepip /root/.cache

COPY --from=build /app/corrin /app/corrin

# A container's loopback is nobody's: it listens on every address, and therefore does not start
# without CORRIN_AUTH=jwt, or CORRIN_HOST=127.0.0.1 where the network is shared.
ENV PATH=/app/corrin/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CORRIN_HOST=0.0.0.0 \
    CORRIN_PORT=8000

USER 10001:10001
WORKDIR /
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/app/corrin/bin/python", "-I", "/app/corrin/healthcheck.py"]
ENTRYPOINT ["/app/corrin/bin/corrin"]
CMD ["serve"]
