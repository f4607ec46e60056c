// Who is signed in. The session itself is a cookie that no script can read; all that is known here is what the gateway says.
import { ask, client, type Reply, type Schemas } from "$api/client";

export type User = Schemas["User"];

class Session {
  // undefined: not asked yet.
  user = $state.raw<User | null | undefined>(undefined);
  // The session ended by itself (expired, revoked), not by signing out here.
  ended = $state(false);

  async load(): Promise<Reply<User>> {
    const reply = await ask(client.GET("/auth/me"), { signingIn: true });
    if (reply.ok) {
      this.user = reply.data;
      this.ended = false;
    } else if (reply.problem.status === 401) {
      this.user = null;
    }
    return reply;
  }

  async signIn(username: string, password: string): Promise<Reply<User>> {
    const reply = await ask(client.POST("/auth/session", { body: { username, password } }), {
      signingIn: true,
    });
    if (reply.ok) {
      this.user = reply.data;
      this.ended = false;
    }
    return reply;
  }

  async register(username: string, password: string): Promise<Reply<User>> {
    const made = await ask(client.POST("/auth/register", { body: { username, password } }), {
      signingIn: true,
    });
    return made.ok ? this.signIn(username, password) : made;
  }

  async signOut(): Promise<Reply<unknown>> {
    const reply = await ask(client.POST("/auth/logout"), { signingIn: true });
    if (reply.ok || reply.problem.status === 401) this.user = null;
    return reply;
  }

  // Somebody else ended it.
  end(): void {
    if (this.user) this.ended = true;
    this.user = null;
  }
}

export const session = new Session();
