// Settings of the web. The security headers that need no nonce stand here; proxy.ts adds the policy with one.

/** @type {import('next').NextConfig} */
export default {
  poweredByHeader: false,
  // Clients of the SMS-compatible endpoint add a trailing slash, and a redirect would break their signed POST.
  skipTrailingSlashRedirect: true,
  typedRoutes: false,
  // Types are checked by `npm run check:types`, once.
  typescript: { ignoreBuildErrors: true },
  serverExternalPackages: ['@node-rs/argon2', 'pg', 'pg-boss', 'pino'],
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
  ],
};
