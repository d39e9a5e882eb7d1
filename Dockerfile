# An image with the command `lucarne`. By default it runs a device, whose state is in the volume /var/lib/lucarne:
#
#   docker build -t lucarne .
#   docker run --name house -v house:/var/lib/lucarne lucarne
#   docker exec house lucarne container list
#   docker run --rm -v "$PWD:/work:ro" -w /work lucarne run hello.toit
FROM rust:1.90-slim-bookworm AS build
WORKDIR /source
COPY . .
RUN cargo build --release --locked -p lucarne-cli --features fabric

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/lucarne --create-home lucarne
COPY --from=build /source/target/release/lucarne /usr/local/bin/lucarne
COPY LICENSE-APACHE LICENSE-MIT /usr/share/doc/lucarne/
USER 10001
ENV LUCARNE_STATE=/var/lib/lucarne/device
VOLUME /var/lib/lucarne
ENTRYPOINT ["lucarne"]
CMD ["device", "start", "--foreground"]
