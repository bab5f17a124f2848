/** Given and family names that are combined within one language. */
export const NAMES: readonly { readonly given: readonly string[]; readonly family: readonly string[] }[] = [
  {
    given: ['Jürgen', 'Käthe', 'Sören', 'Birgit', 'Anja', 'Götz', 'Heike', 'Matthias', 'Ursula', 'Dörte'],
    family: ['Müller', 'Schäfer', 'Weiß', 'Krüger', 'Hoffmann', 'Böhm', 'Vogt', 'Köhler', 'Brandt', 'Lindner'],
  },
  {
    given: ['Élodie', 'François', 'Chloé', 'Benoît', 'Hélène', 'Jérôme', 'Océane', 'Thibault'],
    family: ['Lefèvre', 'Dubois', 'Moreau', 'Garçon', 'Château', 'Rousseau', 'Bénard', 'Marchand'],
  },
  {
    given: ['Sofía', 'Íñigo', 'Andrés', 'Lucía', 'Raúl', 'Begoña', 'Joaquín', 'Inés'],
    family: ['Muñoz', 'García', 'Ibáñez', 'Núñez', 'Fernández', 'Ortega', 'Peña', 'Castillo'],
  },
  {
    given: ['Łukasz', 'Agnieszka', 'Paweł', 'Małgorzata', 'Grzegorz', 'Zofia', 'Wojciech'],
    family: ['Wiśniewski', 'Kowalczyk', 'Dąbrowska', 'Zając', 'Król', 'Wróbel', 'Sikora'],
  },
  {
    given: ['Bjørn', 'Åsa', 'Sigrún', 'Mårten', 'Jørgen', 'Saoirse', 'Ásdís', 'Øyvind'],
    family: ['Ødegård', 'Nyström', 'Kjær', 'Åkesson', 'Søndergaard', 'Halvorsen', 'Lindqvist'],
  },
  {
    given: ['Tomáš', 'Žofie', 'Jiří', 'Růžena', 'Ondřej', 'Kateřina', 'László', 'Zsófia'],
    family: ['Dvořák', 'Novotná', 'Kučera', 'Horváth', 'Szűcs', 'Procházka', 'Nagy'],
  },
  {
    given: ['Ayşe', 'Çağlar', 'Gülşen', 'Mehmet', 'İlkay', 'Oğuz', 'Şirin'],
    family: ['Yılmaz', 'Öztürk', 'Çelik', 'Şahin', 'Demir', 'Koç', 'Güneş'],
  },
  {
    given: ['João', 'Conceição', 'Tiago', 'Luísa', 'Vinícius', 'Antónia', 'Simão'],
    family: ['Gonçalves', 'Araújo', 'Magalhães', 'Simões', 'Pereira', 'Brandão', 'Tavares'],
  },
  {
    given: ['Siobhan', 'Graham', 'Priya', 'Desmond', 'Harriet', 'Owen', 'Kwame', 'Imogen', 'Callum', 'Ngozi'],
    family: ["O'Brien", 'Whitfield', 'Patel', 'Mensah', 'Ashworth', 'Sutherland', 'Adeyemi', 'Fletcher', 'Pryce', 'Nakamura'],
  },
  {
    given: ['Nguyễn', 'Trần', 'Phạm', 'Đặng', 'Hoàng'],
    family: ['Hương', 'Đức', 'Ngọc', 'Thảo', 'Quân'],
  },
];

/** Full names outside the Latin script, with the login name under which each person is known. */
export const NON_LATIN_NAMES: readonly { readonly fullName: string; readonly userName: string }[] = [
  { fullName: '山田 太郎', userName: 'taro.yamada' },
  { fullName: '李 娜', userName: 'na.li' },
  { fullName: 'Мария Иванова', userName: 'maria.ivanova' },
  { fullName: 'Γιώργος Παπαδόπουλος', userName: 'giorgos.papadopoulos' },
  { fullName: 'محمد العلي', userName: 'mohammed.alali' },
  { fullName: 'עמית כהן', userName: 'amit.cohen' },
  { fullName: 'अनन्या शर्मा', userName: 'ananya.sharma' },
  { fullName: '김민준', userName: 'minjun.kim' },
  { fullName: 'สมชาย ใจดี', userName: 'somchai.jaidee' },
];

/** Mailboxes that belong to a department: their users have no full name. */
export const SHARED_MAILBOXES = ['support', 'sales', 'invoices', 'hr', 'reception'] as const;

const SPELLED_OUT: Readonly<Record<string, string>> = {
  ä: 'ae',
  ö: 'oe',
  ü: 'ue',
  ß: 'ss',
  ø: 'o',
  æ: 'ae',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
};

/** Returns a name in the letters a to z: umlauts spelled out, other accents dropped. */
export function asciiName(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[äöüßøæłđðþı]/g, (letter) => SPELLED_OUT[letter] ?? '')
    .normalize('NFD')
    .replaceAll(/[^a-z]/g, '');
}
