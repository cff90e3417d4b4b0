// Settings of the web. The security headers that need no nonce stand here; proxy.ts adds the policy with one.

/** @type {import('next').NextConfig} */
export default {
  poweredByHeader: false,
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
  // Taken from node_modules as they are: bundling them for the server is a fifth of the build, and serves nobody.
  serverExternalPackages: [
    '@aws-crypto/crc32c',
    '@aws-sdk/client-ebs',
    '@aws-sdk/client-ec2',
    '@aws-sdk/client-s3',
    '@aws-sdk/client-sts',
    '@aws-sdk/crc64-nvme',
    '@node-rs/argon2',
    '@smithy/node-http-handler',
    '@zxcvbn-ts/language-common',
    'drizzle-orm',
    'fast-xml-parser',
    'ipaddr.js',
    'nodemailer',
    'pg',
    'pg-boss',
    'pino',
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
        { key: 'Permissions-Policy', value: 'camera=(), microphone=(), geolocation=(), payment=()' },
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
