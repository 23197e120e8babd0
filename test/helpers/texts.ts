/**
 * Texts that tokenizers treat unlike each other: one sentence in many languages and scripts, and
 * what is no language.
 *
 * Source: article 1 of the Universal Declaration of Human Rights, as far as the sentences go.
 */

export interface Sample {
  readonly name: string;
  readonly text: string;
}

/** One or two sentences of prose each. */
export const LANGUAGES: readonly Sample[] = [
  {
    name: 'English',
    text: 'All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience and should act towards one another in a spirit of brotherhood.',
  },
  {
    name: 'German',
    text: 'Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt und sollen einander im Geiste der Brüderlichkeit begegnen.',
  },
  {
    name: 'French',
    text: 'Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et de conscience et doivent agir les uns envers les autres dans un esprit de fraternité.',
  },
  {
    name: 'Vietnamese',
    text: 'Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi. Mọi con người đều được tạo hóa ban cho lý trí và lương tâm.',
  },
  {
    name: 'Turkish',
    text: 'Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana sahiptirler ve birbirlerine karşı kardeşlik zihniyeti ile hareket etmelidirler.',
  },
  {
    name: 'Russian',
    text: 'Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью и должны поступать в отношении друг друга в духе братства.',
  },
  {
    name: 'Greek',
    text: 'Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα. Είναι προικισμένοι με λογική και συνείδηση.',
  },
  {
    name: 'Arabic',
    text: 'يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق. وقد وهبوا عقلاً وضميرًا وعليهم أن يعامل بعضهم بعضًا بروح الإخاء.',
  },
  {
    name: 'Hebrew',
    text: 'כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם. כולם חוננו בתבונה ובמצפון, לפיכך חובה עליהם לנהוג איש ברעהו ברוח של אחווה.',
  },
  {
    name: 'Hindi',
    text: 'सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है। उन्हें बुद्धि और अन्तरात्मा की देन प्राप्त है।',
  },
  {
    name: 'Bengali',
    text: 'সমস্ত মানুষ স্বাধীনভাবে সমান মর্যাদা এবং অধিকার নিয়ে জন্মগ্রহণ করে। তাঁদের বিবেক এবং বুদ্ধি আছে।',
  },
  {
    name: 'Tamil',
    text: 'மனிதப் பிறவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்; அவர்கள் மதிப்பிலும், உரிமைகளிலும் சமமானவர்கள்.',
  },
  {
    name: 'Thai',
    text: 'มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ ต่างมีเหตุผลและมโนธรรม และควรปฏิบัติต่อกันด้วยเจตนารมณ์แห่งภราดรภาพ',
  },
  {
    name: 'Chinese',
    text: '人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。',
  },
  {
    name: 'Japanese',
    text: 'すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。人間は、理性と良心とを授けられている。',
  },
  {
    name: 'Korean',
    text: '모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 인간은 천부적으로 이성과 양심을 부여받았으며 서로 형제애의 정신으로 행동하여야 한다.',
  },
  {
    name: 'Georgian',
    text: 'ყველა ადამიანი იბადება თავისუფალი და თანასწორი თავისი ღირსებითა და უფლებებით. მათ მინიჭებული აქვთ გონება და სინდისი.',
  },
  {
    name: 'Armenian',
    text: 'Բոլոր մարդիկ ծնվում են ազատ ու հավասար իրենց արժանապատվությամբ ու իրավունքներով։ Նրանք ունեն բանականություն ու խիղճ։',
  },
  {
    name: 'Amharic',
    text: 'የሰው ልጅ ሁሉ ሲወለድ ነጻና በክብርና በመብትም እኩልነት ያለው ነው። የተፈጥሮ ማስተዋልና ሕሊና ስላለው አንዱ ሌላውን በወንድማማችነት መንፈስ መመልከት ይገባዋል።',
  },
  {
    name: 'Khmer',
    text: 'មនុស្សទាំងអស់កើតមកមានសេរីភាព និងសមភាពក្នុងផ្នែកសេចក្ដីថ្លៃថ្នូរនិងសិទ្ធិ។',
  },
  {
    name: 'Tibetan',
    text: 'འགྲོ་བ་མིའི་རིགས་རྒྱུད་ཡོངས་ལ་སྐྱེས་ཙམ་ཉིད་ནས་ཆེ་མཐོངས་དང༌།',
  },
];

/** What a program writes: its symbols and its white space weigh otherwise than prose. */
export const CODE: readonly Sample[] = [
  {
    name: 'TypeScript',
    text: 'export function add(a: number, b: number): number {\n  // Two of them.\n  return a + b;\n}\n\nconst total = [1, 2, 3].reduce(add, 0);\nconsole.log(total);\n',
  },
  {
    name: 'Python',
    text: 'def mean(values: list[float]) -> float:\n    """The mean; 0 for none."""\n    if not values:\n        return 0.0\n    return sum(values) / len(values)\n\n\nprint(mean([1.5, 2.5]))\n',
  },
  {
    name: 'JSON in a string',
    text: '{"name":"get_weather","input":{"city":"Zürich","unit":"celsius","days":[1,2,3]},"ok":true}',
  },
  {
    name: 'base64',
    text: Buffer.from(Array.from({ length: 180 }, (_, n) => (n * 97) % 256)).toString('base64'),
  },
  {
    name: 'hexadecimal',
    text: Buffer.from(Array.from({ length: 90 }, (_, n) => (n * 57) % 256)).toString('hex'),
  },
  {
    name: 'digits',
    text: '31415926535897932384626433832795028841971693993751058209749445923078164',
  },
  {
    name: 'table',
    text: '| id | name | price |\n|----|------|------:|\n| 1 | a | 0.50 |\n| 2 | b | 12.75 |\n',
  },
];

/** What is made to have many tokens, or to look like something else than text. */
export const ODD: readonly Sample[] = [
  { name: 'nothing', text: '' },
  { name: 'emoji', text: '😀🎉🚀❤️👍🏽🇨🇭🏴󠁧󠁢󠁥󠁮󠁧󠁿' },
  { name: 'joined emoji', text: '👨‍👩‍👧‍👦👩🏾‍🚀🧑‍🤝‍🧑🏳️‍🌈' },
  {
    name: 'control characters',
    text: Array.from({ length: 32 }, (_, n) => String.fromCharCode(n)).join(''),
  },
  { name: 'what JSON escapes', text: '"\\"\\\\"\b\f\n\r\t/\u2028\u2029\u007f' },
  { name: 'escapes as text', text: '\\u006d\\ud800\\n\\x00\\"' },
  {
    name: 'compatibility forms',
    text: '\ufdfa\ufdfb\ufb03\u3300\u33ff\u2057\u1fb7\u{1d160}\u00bd\uff21\u2460\u3392',
  },
  { name: 'U+FDFA alone', text: '\ufdfa'.repeat(40) },
  { name: 'stacked marks', text: `e${'\u0301\u0323\u0489'.repeat(30)}` },
  { name: 'return and marks', text: '\r\u0323\u0304'.repeat(40) },
  { name: 'jamo', text: '\u1112\u1161\u11ab\u1100\u1173\u11af'.repeat(10) },
  { name: 'lone surrogates', text: '\ud800x\udc00\udfff\ud83d' },
  { name: 'private use and unassigned', text: '\ue000\uf8ff\u{f0000}\u{10fffd}\u0378\u{e0001}' },
  {
    name: 'rare planes',
    text: '\u{10000}\u{12000}\u{13000}\u{16800}\u{1d400}\u{20000}\u{30000}\u{1f9ff}',
  },
  { name: 'directional marks', text: '\u202e\u2066abc\u2069\u200f\u061c\ufeff' },
  { name: 'zero width', text: 'a\u200bb\u200cc\u2060d\u00ade' },
  { name: 'many kinds of space', text: ' \u00a0\u1680\u2000\u2003\u2009\u202f\u3000\t\v' },
  { name: 'spaces', text: ' '.repeat(300) },
  { name: 'new lines', text: '\n\r\n\n'.repeat(60) },
  { name: 'a run of a', text: 'a'.repeat(300) },
  { name: 'a run of 字', text: '字'.repeat(120) },
  { name: 'a run of NUL', text: '\0'.repeat(200) },
  { name: 'a run of =', text: '='.repeat(300) },
  { name: 'words run together', text: 'qzxjkvwqpyfgq'.repeat(15) },
  { name: 'changing case', text: 'aAbBcCdDeEfFgG'.repeat(15) },
  {
    name: 'every Latin-1 character',
    text: Array.from({ length: 256 }, (_, n) => String.fromCharCode(n)).join(''),
  },
  {
    name: 'names of special tokens',
    text: '<|endoftext|><|im_start|>system<|im_end|><s></s>[INST][/INST]<EOT><META><SOS><|begin_of_text|><|eot_id|><|start_header_id|>\n\nHuman:\n\nAssistant:<0x0A>▁<unk><pad>',
  },
];
