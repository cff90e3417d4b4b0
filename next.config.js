// Settings of the web. The security headers that need no nonce stand here; proxy.ts adds the policy with one.

import { subPath } from './server/public-url.ts';

const under = subPath();

/** @type {import('next').NextConfig} */
export default {
  poweredByHeader: false,
  // Part of every address in the build: another path of LANDFALL_PUBLIC_URL is another build.
  basePath: under,
  env: { LANDFALL_SUB_PATH: under },
  // Clients of the SMS-compatible endpoint add a trailing slash, and a redirect would break their signed POST.
  skipTrailingSlashRedirect: true,
  typedRoutes: false,
  // In development: what connectors ask all day says nothing to whoever reads along.
  logging: { incomingRequests: { ignore: [/^\/api\/connector\//] } },
  // Types are checked by `npm run check:types`, once.
  typescript: { ignoreBuildErrors: true },
  experimental: {
    // People build once, at the first start: a cache on disk makes that build a third slower and serves nobody.
    turbopackFileSystemCacheForBuild: false,
    // Nobody downloads the server's code; unminified, its stack traces read without maps.
    serverMinification: false,
    turbopackSourceMaps: false,
    turbopackInputSourceMaps: false,
  },
  // Next puts the path before addresses that it knows itself; those of Cloudscape's links it does not.
  ...(under && {
    turbopack: {
      resolveAlias: Object.fromEntries(
        ['breadcrumb-group', 'button', 'button-dropdown', 'link', 'side-navigation', 'top-navigation'].map((part) => [
          `@cloudscape-design/components/${part}`,
          `./app/_shell/under-path/${part}.tsx`,
        ]),
      ),
    },
  }),
  // Taken from node_modules as they are: bundling them for the server is a fifth of the build, and serves nobody.
  serverExternalPackages: [
    '@aws-crypto/crc32c',
    '@aws-sdk/client-ebs',
    '@aws-sdk/client-ec2',
    '@aws-sdk/client-eventbridge',
    '@aws-sdk/client-s3',
    '@aws-sdk/client-sns',
    '@aws-sdk/client-sts',
    '@aws-sdk/crc64-nvme',
    '@node-rs/argon2',
    '@smithy/node-http-handler',
    '@zxcvbn-ts/language-common',
    'drizzle-orm',
    'fast-xml-parser',
    'ipaddr.js',
    'nodemailer',
    'otpauth',
    'pg',
    'pg-boss',
    'pino',
    'qrcode',
    'rate-limiter-flexible',
    'selfsigned',
    'undici',
  ],
  // Browsers ask for it before they have read that a page names another.
  redirects: async () => [{ source: '/favicon.ico', destination: '/icon.svg', permanent: true }],
  headers: async () => [
    {
      source: '/:path*',
      headers: [
        { key: 'X-Content-Type-Options', value: 'nosniff' },
        { key: 'X-Frame-Options', value: 'DENY' },
        { key: 'Referrer-Policy', value: 'same-origin' },
        { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
        { key: 'Cross-Origin-Resource-Policy', value: 'same-origin' },
        { key: 'Permissions-Policy', value: 'camera=(), microphone=(), geolocation=(), payment=()' },
      ],
    },
    // Nothing there is a page; what next-auth shows by itself needs a form at most.
    {
      source: '/api/:path*',
      headers: [
        {
          key: 'Content-Security-Policy',
          value: "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        },
      ],
    },
    // Their addresses are secrets: no other page is told of them, and no cache keeps them.
    {
      source: '/:page(first-run|invitation|reset)/:token',
      headers: [
        { key: 'Referrer-Policy', value: 'no-referrer' },
        { key: 'Cache-Control', value: 'no-store' },
      ],
    },
  ],
};
