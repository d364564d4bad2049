# Each step was run in a clean Debian 12 root; the image itself has not been built yet, for want of a docker.
# docker build -t diffbench .
# docker run --rm -v "$PWD:/data" diffbench run demo --db /data/results.db
# docker run --rm -v "$PWD:/data" diffbench report /data/results.db -o /data/report
FROM debian:12 AS build
COPY . /source
WORKDIR /source
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git \
 && ./setup.sh \
 && cmake --preset release -DDIFFBENCH_CUDA=OFF \
 && cmake --build --preset release --target diffbench \
 && cmake --install build/release --prefix /opt/diffbench

FROM debian:12
COPY --from=build /opt/diffbench /opt/diffbench
RUN apt-get update \
 && apt-get install -y --no-install-recommends libhwloc15 libjpeg62-turbo libopenmpi3 libspdlog1.10 libsqlite3-0 libtomlplusplus3 \
    libwebp7 libzip4 openmpi-bin python3-venv \
 && rm -rf /var/lib/apt/lists/* \
 && python3 -m venv /opt/diffbench/share/diffbench/.venv \
 && /opt/diffbench/share/diffbench/.venv/bin/pip install --no-cache-dir /opt/diffbench/share/diffbench
ENV PATH=/opt/diffbench/bin:$PATH
WORKDIR /data
ENTRYPOINT ["diffbench"]
