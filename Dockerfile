# Two images: `inference` serves models and knows neither Dagster nor training; `pipeline` is everything else.
# `deployment` is `pipeline` with the docker command.
#   docker build --target inference --tag house-prices-inference .
#   docker build --target pipeline --tag house-prices-pipeline .
# Every package is a file whose hash is in deploy/requirements; each image lists what is in it: /usr/share/sbom.

FROM python:3.11-slim-bookworm AS base
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN groupadd --gid 10001 prices && useradd --uid 10001 --gid 10001 --home-dir /srv/house-prices prices \
    # Named volumes begin with the owner that these folders have.
    && mkdir -p /srv/house-prices/storage/models /srv/house-prices/storage/dagster/compute_logs \
        /srv/house-prices/storage/predictions /srv/predictions /gateway \
    && chown -R prices:prices /srv /gateway
WORKDIR /srv/house-prices

FROM base AS inference-build
WORKDIR /src
RUN python -m venv /opt/venv
# Dependencies first, so that a change of the code does not install them again.
COPY deploy/requirements/inference.txt ./
RUN pip install --no-cache-dir --no-deps --require-hashes --requirement inference.txt
COPY pyproject.toml README.md LICENSE ./
COPY house_prices house_prices
COPY inference_server inference_server
RUN pip install --no-cache-dir --no-deps --no-build-isolation . && pip uninstall --yes --quiet pip setuptools

FROM base AS pipeline-build
WORKDIR /src
RUN python -m venv /opt/venv
COPY deploy/requirements/pipeline.txt ./
RUN pip install --no-cache-dir --no-deps --require-hashes --requirement pipeline.txt
COPY pyproject.toml README.md LICENSE ./
COPY house_prices house_prices
COPY inference_server inference_server
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

FROM base AS listing
RUN python -m venv /opt/listing
COPY deploy/requirements/listing.txt ./
RUN /opt/listing/bin/pip install --no-cache-dir --no-deps --require-hashes --requirement listing.txt
ENV LISTING="/opt/listing/bin/cyclonedx-py environment --output-reproducible --output-file"

FROM listing AS inference-listing
COPY --from=inference-build /opt/venv /opt/venv
RUN $LISTING /opt/inference.cdx.json /opt/venv/bin/python

FROM listing AS pipeline-listing
COPY --from=pipeline-build /opt/venv /opt/venv
RUN $LISTING /opt/pipeline.cdx.json /opt/venv/bin/python

FROM base AS inference
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="house-prices inference" \
    org.opencontainers.image.version=$VERSION org.opencontainers.image.revision=$REVISION
COPY --from=inference-build /opt/venv /opt/venv
COPY --from=inference-listing /opt/inference.cdx.json /usr/share/sbom/
COPY deploy/answers.py /opt/answers.py
USER prices
ENV INFERENCE_SERVER_HOST=0.0.0.0 INFERENCE_SERVER_MODELS=/srv/house-prices/storage/models
EXPOSE 8001 8002
HEALTHCHECK --interval=5s --timeout=5s --start-period=20s CMD ["python", "/opt/answers.py", "localhost:8001"]
CMD ["inference-server"]

FROM base AS pipeline
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="house-prices pipeline" \
    org.opencontainers.image.version=$VERSION org.opencontainers.image.revision=$REVISION
COPY --from=pipeline-build /opt/venv /opt/venv
COPY --from=pipeline-listing /opt/pipeline.cdx.json /usr/share/sbom/
COPY --chown=prices:prices data data
COPY deploy/*.yaml /opt/dagster/
COPY deploy/*.sh /opt/deploy/
USER prices
ENV HOUSE_PRICES_HOME=/srv/house-prices DAGSTER_HOME=/opt/dagster MPLCONFIGDIR=/tmp/matplotlib \
    OMP_WAIT_POLICY=passive MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=268435456
EXPOSE 3000 4000
CMD ["dagster", "code-server", "start", "--host", "0.0.0.0", "--port", "4000", \
    "--module-name", "house_prices.orchestration.definitions"]

FROM docker:28-cli AS docker-cli

FROM pipeline AS deployment
LABEL org.opencontainers.image.title="house-prices deployment"
COPY --from=docker-cli /usr/local/bin/docker /usr/local/bin/
COPY --from=docker-cli /usr/local/libexec/docker/cli-plugins /usr/local/libexec/docker/cli-plugins
ENV DOCKER_CONFIG=/tmp/docker
CMD ["dagster", "code-server", "start", "--host", "0.0.0.0", "--port", "4000", \
    "--module-name", "house_prices.deployment.definitions"]
