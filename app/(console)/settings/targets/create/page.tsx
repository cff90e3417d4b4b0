import type { Metadata } from 'next';
import { CreateTargetScreen } from './create-target-screen.tsx';

export const metadata: Metadata = { title: 'Create AWS target' };

export default function CreateTargetPage() {
  return <CreateTargetScreen />;
}
