import type { AuditHeads, AuditLink, AuditPlace, AuditProcess, AuditRecord, ChainOpening, KnownHeads } from './audit-head.ts';
import type { Database } from './database.ts';
import type { Sqlite } from './sqlite.ts';

export class SqliteAuditHeads implements AuditHeads {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  record(): Promise<AuditRecord> {
    return this.#db.read(readRecord);
  }

  known(): Promise<KnownHeads> {
    return this.#db.read((db) => {
      const links = db.all<AuditLink>('SELECT chain, number, hash FROM audit_chains').map(toLink);
      return { record: readRecord(db), chains: links.map(({ chain }) => chain), heads: links.filter(({ number }) => number > 0) };
    });
  }

  open(chain: string, process: AuditProcess): Promise<ChainOpening> {
    return this.#db.write((db) => {
      const isFirst = db.get('SELECT 1 FROM audit_chains LIMIT 1') === undefined;
      const heads = db.all<AuditLink>('SELECT chain, number, hash FROM audit_chains WHERE named < number').map(toLink);
      db.run('UPDATE audit_chains SET named = number WHERE named < number');
      db.run(`INSERT INTO audit_chains (chain, number, hash, process) VALUES (?, 0, '', ?)`, [chain, JSON.stringify(process)]);
      return { ...readRecord(db), isFirst, heads };
    });
  }

  store({ chain, number, hash }: AuditLink, file: string, { ino, size }: AuditPlace): Promise<boolean> {
    return this.#db.write((db) => {
      const known = db.get<{ number: number }>('SELECT number FROM audit_chains WHERE chain = ?', [chain]);
      if (!known) return false;
      if (number > known.number) {
        db.run('UPDATE audit_chains SET number = ?, hash = ?, file = ? WHERE chain = ?', [number, hash, file, chain]);
        db.run('UPDATE audit_record SET size = iif(ino = ?, max(size, ?), ?), ino = ?', [ino, size, size, ino]);
      }
      return true;
    });
  }

  exclusively<T>(work: () => T): Promise<T> {
    return this.#db.write(work);
  }

  restart(chain: string, process: AuditProcess, setAside: () => number): Promise<void> {
    return this.#db.write((db) => {
      const firstFile = setAside();
      db.run('DELETE FROM audit_chains');
      db.run(`INSERT INTO audit_chains (chain, number, hash, process) VALUES (?, 0, '', ?)`, [chain, JSON.stringify(process)]);
      db.run('UPDATE audit_record SET first_file = ?, restarted_by = ?, ino = NULL, size = 0', [firstFile, chain]);
    });
  }
}

function readRecord(db: Sqlite): AuditRecord {
  const row = db.get<RecordRow>('SELECT journal, first_file, restarted_by, ino, size FROM audit_record');
  if (!row) throw new Error('the journal has no record of the audit');
  return {
    journal: row.journal,
    firstFile: row.first_file,
    ...(row.restarted_by !== null && { restartedBy: row.restarted_by }),
    ...(row.ino !== null && { place: { ino: row.ino, size: row.size } }),
  };
}

interface RecordRow {
  readonly journal: string;
  readonly first_file: number;
  readonly restarted_by: string | null;
  readonly ino: string | null;
  readonly size: number;
}

function toLink({ chain, number, hash }: AuditLink): AuditLink {
  return { chain, number, hash };
}
