# One image for each program: docker build --target monitor|publisher|subscriber .
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
  done

# What all have in common: a user that is not root, and no shell for it.
FROM debian:bookworm-slim AS base
RUN useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin fail2ban-cluster
# Where native code is unpacked: has to be writable and executable.
ENV TMPDIR=/tmp
STOPSIGNAL SIGTERM

FROM base AS publisher
COPY --from=build /image/publisher /
RUN chgrp -R fail2ban-cluster /etc/fail2ban-cluster \
  && install -d -o fail2ban-cluster -g fail2ban-cluster -m 0750 /var/lib/fail2ban-cluster /run/fail2ban-cluster
USER fail2ban-cluster
EXPOSE 5678 5680 5681 5682
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["/usr/local/bin/fail2ban-publisher", "status"]
ENTRYPOINT ["/usr/local/bin/fail2ban-publisher"]
CMD ["run"]

FROM base AS monitor
COPY --from=build /image/monitor /
RUN chgrp -R fail2ban-cluster /etc/fail2ban-cluster \
  && install -d -o fail2ban-cluster -g fail2ban-cluster -m 0750 /var/lib/fail2ban-cluster /run/fail2ban-cluster
USER fail2ban-cluster
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["/usr/local/bin/fail2ban-monitor", "status"]
ENTRYPOINT ["/usr/local/bin/fail2ban-monitor"]
CMD ["run"]

FROM base AS subscriber
RUN apt-get update \
  && apt-get install -y --no-install-recommends nftables \
  && rm -rf /var/lib/apt/lists/*
COPY --from=build /image/subscriber /
RUN chgrp -R fail2ban-cluster /etc/fail2ban-cluster \
  && install -d -o fail2ban-cluster -g fail2ban-cluster -m 0750 /var/lib/fail2ban-cluster /run/fail2ban-cluster
USER fail2ban-cluster
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["/usr/local/bin/fail2ban-subscriber", "status"]
ENTRYPOINT ["/usr/local/bin/fail2ban-subscriber"]
CMD ["run"]
