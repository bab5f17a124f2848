FROM node:22-bookworm-slim AS build
WORKDIR /build
COPY . .
RUN npm ci --no-audit --no-fund

FROM node:22-bookworm-slim
LABEL org.opencontainers.image.title="mailstore-mcp" \
      org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production \
    MAILSTORE_STATE_DIR=/state
COPY --from=build /build/dist /app/dist
RUN mkdir --mode=700 /state && chown node:node /state
USER node
VOLUME /state
ENTRYPOINT ["node", "/app/dist/mailstore-mcp.cjs"]
