export { type CommandRequest, type CommandResult, createRunCommand, type RunCommand } from "./command.ts";
export type { Notice } from "./notice.ts";
export { createNotifier, type Notifier, type NotifierOptions } from "./notifier.ts";
export { createPost, type Lookup, type Post, type PostRequest, type PostResponse } from "./post.ts";
