import type { Metadata } from 'next';
import { EnrolScreen } from './enrol-screen.tsx';

export const metadata: Metadata = { title: 'Add connector' };

export default function EnrolPage() {
  return <EnrolScreen />;
}
