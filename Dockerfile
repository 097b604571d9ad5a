# One image for each program: docker build --target monitor|node|publisher|subscriber .
# compose.yaml has a trial of three nodes.

# Makes a release, and installs each role of it into a folder of its own.
FROM node:22-bookworm-slim AS build
WORKDIR /project
COPY . .
RUN sh tools/from_source.sh /release \
  && for program in /release/fail2ban-*; do \
    [ -x "$program" ] || continue; \
    role="${program#/release/fail2ban-}"; \
    sh install.sh install --from /release --role "$role" --destdir "/image/$role" || exit 1; \
    chgrp -R 5680 "/image/$role/etc/fail2ban-cluster" || exit 1; \
    chown -R 5680:5680 "/image/$role/var/lib/fail2ban-cluster" || exit 1; \
  done

# What all have in common: a user that is not root, and no shell for it.
FROM debian:bookworm-slim AS base
# Its number is fixed: the stage "build" gives files to it, and so may a volume.
RUN groupadd --gid 5680 fail2ban-cluster \
  && useradd --uid 5680 --gid 5680 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin fail2ban-cluster \
  && install -d -o fail2ban-cluster -g fail2ban-cluster -m 0750 /run/fail2ban-cluster
LABEL org.opencontainers.image.title="fail2ban-cluster" \
  org.opencontainers.image.description="fail2ban shares its bans with other hosts" \
  org.opencontainers.image.licenses="MIT"
# Where native code is unpacked: has to be writable and executable.
ENV TMPDIR=/tmp
STOPSIGNAL SIGTERM

FROM base AS publisher
COPY --from=build /image/publisher /
USER fail2ban-cluster
EXPOSE 5678 5680 5681 5682
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["/usr/local/bin/fail2ban-publisher", "status"]
ENTRYPOINT ["/usr/local/bin/fail2ban-publisher"]
CMD ["run"]

FROM base AS monitor
COPY --from=build /image/monitor /
USER fail2ban-cluster
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["/usr/local/bin/fail2ban-monitor", "status"]
ENTRYPOINT ["/usr/local/bin/fail2ban-monitor"]
CMD ["run"]

# nft, for those who act on bans. Who is not root gets no capability from
# --cap-add, but what a file has that it runs.
FROM base AS acting
RUN apt-get update \
  && apt-get install -y --no-install-recommends libcap2-bin nftables \
  && rm -rf /var/lib/apt/lists/* \
  && setcap cap_net_admin=ep "$(command -v nft)"

FROM acting AS subscriber
COPY --from=build /image/subscriber /
USER fail2ban-cluster
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["/usr/local/bin/fail2ban-subscriber", "status"]
ENTRYPOINT ["/usr/local/bin/fail2ban-subscriber"]
CMD ["run"]

# Monitor and subscriber in one process.
FROM acting AS node
COPY --from=build /image/node /
USER fail2ban-cluster
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["/usr/local/bin/fail2ban-node", "status"]
ENTRYPOINT ["/usr/local/bin/fail2ban-node"]
CMD ["run"]
