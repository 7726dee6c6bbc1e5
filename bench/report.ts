/** One line of a module's table: what was measured, the figure with its unit, and what it was measured on. */
export type Report = (name: string, value: string, note?: string) => void;
