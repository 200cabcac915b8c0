# The image runs what npm start runs: the service and the console as they are built from the sources.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY gen ./gen
COPY src ./src
COPY console ./console
COPY scripts/build-console.ts scripts/build-service.ts ./scripts/
COPY scripts/build ./scripts/build
RUN node scripts/build-console.ts && node scripts/build-service.ts

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# dist/ holds what it needs of them; they are in the image for their licences, and for scanners to see them.
# Install scripts fetch tools for development only. So is the package "node", which gives machines with an older Node
# their Node 24: the image has its own.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && rm -rf node_modules/node node_modules/.bin/node

FROM node:24-slim
# Inside a container loopback reaches nobody. Beyond loopback the service refuses to start without authentication
# unless ALLOW_INSECURE=true, which is left to whoever publishes the port.
# Without a bound, glibc gives each of Node's threads memory of its own, and keeps it.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=50050 DATA_DIR=/data MALLOC_ARENA_MAX=2
WORKDIR /app
RUN install -d -o node -g node /data
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY --from=build /app/dist ./dist
COPY --from=build /app/console/dist ./console/dist
# The image's user "node" by number, so that a cluster can see that it is not root.
USER 1000:1000
VOLUME /data
EXPOSE 50050
# Alive and not ready: a container must not be replaced because a store is away.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js"]
