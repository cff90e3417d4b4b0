ALTER TABLE "aws_targets" ADD COLUMN "sign_in" text DEFAULT 'environment' NOT NULL;--> statement-breakpoint
ALTER TABLE "aws_targets" ADD COLUMN "sign_in_version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "aws_targets" ADD COLUMN "access_key_id" text;--> statement-breakpoint
ALTER TABLE "aws_targets" ADD COLUMN "secret_key" jsonb;--> statement-breakpoint
ALTER TABLE "aws_targets" ADD COLUMN "role_arn" text;--> statement-breakpoint
ALTER TABLE "aws_targets" ADD COLUMN "external_id" text;--> statement-breakpoint
ALTER TABLE "aws_targets" ADD COLUMN "connector_sign_in" text DEFAULT 'own' NOT NULL;--> statement-breakpoint
ALTER TABLE "aws_targets" ADD COLUMN "launch_defaults" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
UPDATE "aws_targets" SET "external_id" = 'landfall-' || replace(gen_random_uuid()::text, '-', '');
